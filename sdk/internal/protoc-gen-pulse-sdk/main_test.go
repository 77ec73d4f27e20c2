package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/pluginpb"

	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	_ "github.com/pulse-social/pulse/sdk" // Every service that there is.
)

// TestGeneratedFilesAreCurrent runs the plugin on the schema as it is compiled in and compares with the SDK's files.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	var files []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(file.Path(), "pulse/") {
			files = append(files, file)
		}
		return true
	})
	slices.SortFunc(files, func(a, b protoreflect.FileDescriptor) int { return strings.Compare(a.Path(), b.Path()) })
	response := run(t, request(files...))
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

// TestNamesMayNotClash gives the user service to two packages.
func TestNamesMayNotClash(t *testing.T) {
	req := request(userv1.File_pulse_user_v1_user_proto)
	other := proto.CloneOf(req.GetProtoFile()[len(req.GetProtoFile())-1])
	other.Name = proto.String("pulse/user/v2/user.proto")
	other.Package = proto.String("pulse.user.v2")
	for _, svc := range other.GetService() {
		for _, method := range svc.GetMethod() {
			method.InputType = proto.String(strings.Replace(method.GetInputType(), "user.v1", "user.v2", 1))
			method.OutputType = proto.String(strings.Replace(method.GetOutputType(), "user.v1", "user.v2", 1))
		}
	}
	for _, msg := range other.GetMessageType() {
		for _, field := range msg.GetField() {
			if field.TypeName != nil {
				field.TypeName = proto.String(strings.Replace(field.GetTypeName(), "user.v1", "user.v2", 1))
			}
		}
	}
	req.ProtoFile = append(req.ProtoFile, other)
	req.FileToGenerate = append(req.FileToGenerate, other.GetName())

	response := run(t, req)
	const want = "would both be called Users in the Go SDK"
	if !strings.Contains(response.GetError(), want) {
		t.Errorf("got error %q, want one that contains %q", response.GetError(), want)
	}
}

func TestMethodName(t *testing.T) {
	for _, tc := range []struct{ rpc, items, want string }{
		{"ListFollowers", "Followers", "AllFollowers"},
		{"GetHomeTimeline", "Posts", "AllHomeTimelinePosts"},
		{"GetThread", "Replies", "AllThreadReplies"},
		{"SearchPosts", "Hits", "AllFoundPosts"},
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
