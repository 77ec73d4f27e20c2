package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/pluginpb"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
)

// TestGeneratedFilesAreCurrent runs the plugin on the schema as it is compiled in and compares with the SDK's files.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	response := run(t, request(
		graphv1.File_pulse_graph_v1_graph_proto,
		identityv1.File_pulse_identity_v1_identity_proto,
		postv1.File_pulse_post_v1_post_proto,
		timelinev1.File_pulse_timeline_v1_timeline_proto,
		userv1.File_pulse_user_v1_user_proto,
	))
	if response.Error != nil {
		t.Fatal(response.GetError())
	}
	for _, file := range response.GetFile() {
		have, err := os.ReadFile(filepath.Join("..", "..", file.GetName()))
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != file.GetContent() {
			t.Errorf("%s is not what the schema gives: run buf generate", file.GetName())
		}
	}
}

// TestNamesMayNotClash gives the graph service to two packages.
func TestNamesMayNotClash(t *testing.T) {
	req := request(graphv1.File_pulse_graph_v1_graph_proto)
	other := proto.CloneOf(req.GetProtoFile()[len(req.GetProtoFile())-1])
	other.Name = proto.String("pulse/graph/v2/graph.proto")
	other.Package = proto.String("pulse.graph.v2")
	for _, svc := range other.GetService() {
		for _, method := range svc.GetMethod() {
			method.InputType = proto.String(strings.Replace(method.GetInputType(), "graph.v1", "graph.v2", 1))
			method.OutputType = proto.String(strings.Replace(method.GetOutputType(), "graph.v1", "graph.v2", 1))
		}
	}
	for _, msg := range other.GetMessageType() {
		for _, field := range msg.GetField() {
			if field.TypeName != nil {
				field.TypeName = proto.String(strings.Replace(field.GetTypeName(), "graph.v1", "graph.v2", 1))
			}
		}
	}
	req.ProtoFile = append(req.ProtoFile, other)
	req.FileToGenerate = append(req.FileToGenerate, other.GetName())

	response := run(t, req)
	const want = "would both be called Graph in the Go SDK"
	if !strings.Contains(response.GetError(), want) {
		t.Errorf("got error %q, want one that contains %q", response.GetError(), want)
	}
}

func TestMethodName(t *testing.T) {
	for _, tc := range []struct{ rpc, items, want string }{
		{"ListFollowers", "Followers", "AllFollowers"},
		{"GetHomeTimeline", "Posts", "AllHomeTimelinePosts"},
		{"GetThread", "Replies", "AllThreadReplies"},
		{"SearchPosts", "Hits", "AllSearchPostsHits"},
	} {
		if got := methodName(tc.rpc, tc.items); got != tc.want {
			t.Errorf("methodName(%s, %s) = %s, want %s", tc.rpc, tc.items, got, tc.want)
		}
	}
}

func run(t *testing.T, req *pluginpb.CodeGeneratorRequest) *pluginpb.CodeGeneratorResponse {
	t.Helper()
	plugin, err := protogen.Options{}.New(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := generate(plugin); err != nil {
		plugin.Error(err)
	}
	return plugin.Response()
}

// request asks for code for files, as buf does: with everything they import before them.
func request(files ...protoreflect.FileDescriptor) *pluginpb.CodeGeneratorRequest {
	req := new(pluginpb.CodeGeneratorRequest)
	seen := make(map[string]bool)
	var add func(protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		req.ProtoFile = append(req.ProtoFile, protodesc.ToFileDescriptorProto(file))
	}
	for _, file := range files {
		add(file)
		req.FileToGenerate = append(req.FileToGenerate, file.Path())
	}
	return req
}
