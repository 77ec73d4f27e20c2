package main

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestComposeHasEveryService adds a service: it has to get a container, a login and a secret of its own by that.
func TestComposeHasEveryService(t *testing.T) {
	l := layout{Services: []service{{Name: "post"}, {Name: "later"}}}
	raw, err := filled("services.yaml", composeServices)(l)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Command []string
			Secrets []any
		}
		Secrets map[string]struct{ File string }
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	later := file.Services["pulse-later"]
	if !slices.Equal(later.Command, []string{"serve", "later"}) || len(later.Secrets) != 1 {
		t.Errorf("pulse-later is %+v", later)
	}
	if file.Secrets["database_url_later"].File != "./secrets/database_url_later" {
		t.Errorf("secrets are %v", file.Secrets)
	}
	if !slices.Contains(file.Services["pulse-logins"].Secrets, any("database_url_later")) {
		t.Errorf("logins know %v", file.Services["pulse-logins"].Secrets)
	}
	logins, err := filled("logins.sql", composeLogins)(l)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(logins), "GRANT pulse_later TO login_later;") {
		t.Errorf("logins are\n%s", logins)
	}
}

// What takes files keeps them in a volume that its replicas share, and nothing else does.
func TestComposeKeepsFiles(t *testing.T) {
	raw, err := filled("services.yaml", composeServices)(readLayout(t))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Environment map[string]string
			Volumes     []any
			Tmpfs       []string
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for _, s := range readLayout(t).Services {
		c := file.Services["pulse-"+s.Name]
		kept := c.Environment["PULSE_MEDIA_URL"] == "file:///data/media" && slices.Contains(c.Volumes, any("pulse-pictures:/data")) && len(c.Tmpfs) == 0
		if kept != (len(s.Uploads) > 0) {
			t.Errorf("pulse-%s keeps files: %t: %+v", s.Name, kept, c)
		}
	}
	if _, ok := file.Volumes["pulse-pictures"]; !ok {
		t.Errorf("volumes are %v", file.Volumes)
	}
}
