package app_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/pulse-social/pulse/services/app"
)

func TestLayoutHasEveryRPCOfTheSchemaOnce(t *testing.T) {
	t.Parallel()
	layout, err := app.DescribeLayout()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, service := range layout.Services {
		for _, rpc := range service.RPCs {
			seen[rpc.Procedure]++
			if rpc.Streams == (len(rpc.REST) > 0) {
				t.Errorf("%s has the REST paths %v: a call has one, a stream none", rpc.Procedure, rpc.REST)
			}
		}
	}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "pulse.") {
			return true
		}
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				procedure := "/" + string(service.FullName()) + "/" + string(service.Methods().Get(j).Name())
				if seen[procedure] != 1 {
					t.Errorf("%s is %d times in the layout, want once", procedure, seen[procedure])
				}
				delete(seen, procedure)
			}
		}
		return true
	})
	for procedure := range seen {
		t.Errorf("%s is in the layout and not in the schema", procedure)
	}
}

func TestLayoutNamesTheConsumersAsTheBrokerDoes(t *testing.T) {
	t.Parallel()
	layout, err := app.DescribeLayout()
	if err != nil {
		t.Fatal(err)
	}
	consumers := map[string]string{}
	for _, service := range layout.Services {
		for _, c := range service.Consumers {
			if !strings.HasPrefix(c.Name, service.Name+".") || strings.Contains(c.Durable, ".") || len(c.Events) == 0 {
				t.Errorf("consumer %+v of %s: want a name that begins with the service's, a durable without dots, and events", c, service.Name)
			}
			consumers[c.Durable] = c.Name
		}
	}
	if consumers["timeline_fanout"] != "timeline.fanout" {
		t.Errorf("the fan-out is not among the consumers %v", consumers)
	}
}
