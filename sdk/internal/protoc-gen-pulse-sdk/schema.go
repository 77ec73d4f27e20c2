package main

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// schema is what the templates need to know of the schema.
type schema struct {
	Services []service
	Lists    []list

	packages map[protogen.GoImportPath]protogen.GoPackageName
}

// service is a field of Client.
type service struct {
	Field    string // Graph
	FullName string // pulse.graph.v1.GraphService
	Connect  string // graphv1connect
	GoName   string // GraphService
	Path     protogen.GoImportPath
}

// list is a method of Client that ranges over pages.
type list struct {
	Method   string // AllFollowers
	Service  service
	RPC      string // ListFollowers
	Request  string // graphv1.ListFollowersRequest
	Response string // graphv1.ListFollowersResponse
	Item     string // graphv1.FollowListing
	Items    string // Followers
	Words    string // followers
	Paths    []protogen.GoImportPath
}

// oneOfAKind lists the services whose field is not a plural.
var oneOfAKind = []string{"Admin", "Graph", "Identity", "Media", "Messaging", "Realtime", "Search"}

func read(plugin *protogen.Plugin) (*schema, error) {
	s := &schema{packages: make(map[protogen.GoImportPath]protogen.GoPackageName)}
	for _, file := range plugin.Files {
		s.packages[file.GoImportPath] = file.GoPackageName
	}
	for _, file := range plugin.Files {
		if !file.Generate {
			continue
		}
		for _, svc := range file.Services {
			s.addService(file, svc)
		}
	}
	slices.SortFunc(s.Services, func(a, b service) int { return strings.Compare(a.Field, b.Field) })
	slices.SortFunc(s.Lists, func(a, b list) int { return strings.Compare(a.Method, b.Method) })
	return s, s.checkNames()
}

func (s *schema) addService(file *protogen.File, svc *protogen.Service) {
	field := strings.TrimSuffix(svc.GoName, "Service")
	if !slices.Contains(oneOfAKind, field) {
		field += "s"
	}
	connect := string(file.GoPackageName) + "connect"
	described := service{
		Field:    field,
		FullName: string(svc.Desc.FullName()),
		Connect:  connect,
		GoName:   svc.GoName,
		Path:     file.GoImportPath + "/" + protogen.GoImportPath(connect),
	}
	s.Services = append(s.Services, described)
	for _, method := range svc.Methods {
		if items := listed(method); items != nil {
			s.Lists = append(s.Lists, s.describe(described, method, items))
		}
	}
}

func (s *schema) describe(svc service, method *protogen.Method, items *protogen.Field) list {
	return list{
		Method:   methodName(method.GoName, items.GoName),
		Service:  svc,
		RPC:      method.GoName,
		Request:  s.qualified(method.Input),
		Response: s.qualified(method.Output),
		Item:     s.qualified(items.Message),
		Items:    items.GoName,
		Words:    strings.ReplaceAll(string(items.Desc.Name()), "_", " "),
		Paths: []protogen.GoImportPath{
			method.Input.GoIdent.GoImportPath,
			method.Output.GoIdent.GoImportPath,
			items.Message.GoIdent.GoImportPath,
		},
	}
}

func (s *schema) qualified(msg *protogen.Message) string {
	return fmt.Sprintf("%s.%s", s.packages[msg.GoIdent.GoImportPath], msg.GoIdent.GoName)
}

// checkNames refuses two fields or methods of one name, which the compiler would, but without saying where from.
func (s *schema) checkNames() error {
	seen := make(map[string]string)
	check := func(name, from string) error {
		if other, ok := seen[name]; ok {
			return fmt.Errorf("%s and %s would both be called %s in the Go SDK: rename one of them", other, from, name)
		}
		seen[name] = from
		return nil
	}
	for _, svc := range s.Services {
		if err := check(svc.Field, svc.FullName); err != nil {
			return err
		}
	}
	for _, l := range s.Lists {
		if err := check(l.Method, l.Service.FullName+"."+l.RPC); err != nil {
			return err
		}
	}
	return nil
}
