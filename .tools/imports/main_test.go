package main

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRefuse(t *testing.T) {
	tests := []struct {
		file, imports string
		refused       bool
	}{
		{"gen/pulse/post/v1/post.pb.go", "gen/pulse/options/v1", false},
		{"gen/pulse/post/v1/post.pb.go", "ent", true},
		{"ent/schema/post.go", "ent/schema/owner", false},
		{"ent/schema/post.go", "gen/pulse/post/v1", true},
		{"ent/schema/post.go", "services/internal/store", true},
		{"sdk/client.go", "gen/pulse/post/v1", false},
		{"sdk/client.go", "ent", true},
		{"sdk/client.go", "services/app", true},
		{"sdk/client_test.go", "services/pulsetest", true},
		{"services/cmd/pulse/main.go", "services/app", false},
		{"services/cmd/pulse/main.go", "sdk", false},
		{"services/cmd/pulse/main.go", "services/post", true},
		{"services/cmd/pulse/main.go", "services/internal/store", true},
		{"services/cmd/pulse/main_test.go", "services/pulsetest", false},
		{"services/app/catalog.go", "services/timeline", false},
		{"services/app/catalog.go", "services/pulsetest", true},
		{"services/post/create.go", "services/internal/store", false},
		{"services/post/create.go", "services/post/fragment", false},
		{"services/post/create.go", "services/user", true},
		{"services/post/create.go", "services/app", true},
		{"services/post/create.go", "services/cmd/pulse", true},
		{"services/post/create.go", "sdk", true},
		{"services/post/create.go", "services/pulsetest", true},
		{"services/post/create_test.go", "services/pulsetest", false},
		{"services/post/create_test.go", "sdk", false},
		{"services/post/create_test.go", "services/user", true},
		{"services/post/create_test.go", "services/app", true},
		{"services/internal/store/tx.go", "ent", false},
		{"services/internal/store/tx.go", "services/internal/clock", false},
		{"services/internal/store/tx.go", "services/post", true},
		{"services/internal/store/tx.go", "services/app", true},
		{"services/internal/store/tx_test.go", "services/pulsetest", true},
		{"services/pulsetest/start.go", "services/app", false},
		{"services/pulsetest/start.go", "sdk", false},
		{"services/pulsetest/start.go", "services/post", true},
		{"services/embed.go", "services/post", true},
	}
	for _, test := range tests {
		reason := refuse(test.file, root+"/"+test.imports)
		if refused := reason != ""; refused != test.refused {
			t.Errorf("%s imports %s: refused %t (%s), want %t", test.file, test.imports, refused, reason, test.refused)
		}
	}
	if reason := refuse("gen/a.go", "github.com/pulse-social/pulsar"); reason != "" {
		t.Errorf("another project with a like name is refused: %s", reason)
	}
}

func TestCheckReadsEveryFile(t *testing.T) {
	source := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	got, err := check(fstest.MapFS{
		"gen/a.go":                       source("package gen"),
		"ent/a.go":                       source("package ent\nimport _ \"github.com/pulse-social/pulse/gen\""),
		"sdk/a.go":                       source("package sdk"),
		"services/post/a.go":             source("//go:build failpoint\n\npackage post\nimport _ \"github.com/pulse-social/pulse/services/user\""),
		"services/post/testdata/a.go":    source("not Go"),
		"services/web/node_modules/a.go": source("not Go"),
		"services/post/a.txt":            source("not Go"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"ent/a.go:2:8: ent imports gen: ent may import nothing of ours",
		"services/post/a.go:4:8: services/post imports services/user: service post may import services/internal, ent, gen",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
