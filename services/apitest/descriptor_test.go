package apitest_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
)

// methodWith makes the descriptor of an RPC test.v1.Test.Call that has this policy, nil for none.
func methodWith(t *testing.T, policy *optionsv1.Policy) protoreflect.MethodDescriptor {
	t.Helper()
	options := &descriptorpb.MethodOptions{}
	if policy != nil {
		proto.SetExtension(options, optionsv1.E_Policy, policy)
	}
	// The message does not matter; any that exists will do.
	message := proto.String(".pulse.options.v1.Policy")
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("test.proto"), Package: proto.String("test.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"pulse/options/v1/options.proto"},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: proto.String("Test"),
			Method: []*descriptorpb.MethodDescriptorProto{{
				Name: proto.String("Call"), InputType: message, OutputType: message, Options: options,
			}},
		}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Services().Get(0).Methods().Get(0)
}
