package main

import (
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// listed answers the field that holds the items of a page, or nil if method does not answer pages. A method does if
// its request has page_size and page_token and its response next_page_token; the items are then the last repeated
// message field before next_page_token, for what else a response holds comes before its list.
func listed(method *protogen.Method) *protogen.Field {
	if method.Desc.IsStreamingClient() || method.Desc.IsStreamingServer() {
		return nil
	}
	if !has(method.Input, "page_size") || !has(method.Input, "page_token") || !has(method.Output, "next_page_token") {
		return nil
	}
	var items *protogen.Field
	for _, field := range method.Output.Fields {
		if field.Desc.Name() == "next_page_token" {
			break
		}
		if field.Desc.IsList() && field.Message != nil {
			items = field
		}
	}
	return items
}

func has(msg *protogen.Message, field protoreflect.Name) bool {
	return msg.Desc.Fields().ByName(field) != nil
}

// methodName answers AllFollowers for ListFollowers, whose name says what it lists, AllFoundPosts for SearchPosts, and
// AllHomeTimelinePosts for the posts of GetHomeTimeline.
func methodName(rpc, items string) string {
	if what, ok := strings.CutPrefix(rpc, "List"); ok {
		return "All" + what
	}
	if what, ok := strings.CutPrefix(rpc, "Search"); ok {
		return "AllFound" + what
	}
	return "All" + strings.TrimPrefix(rpc, "Get") + items
}
