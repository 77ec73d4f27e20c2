package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/config"
)

type settings struct {
	Inner struct {
		Pause time.Duration `env:"T_PAUSE" envDefault:"30s" doc:"how long"`
	}
	Many   int               `env:"T_MANY" envDefault:"3"`
	On     bool              `env:"T_ON"`
	Names  []string          `env:"T_NAMES"`
	Peers  map[string]string `env:"T_PEERS"`
	Secret string            `env:"T_SECRET" secret:"true"`
}

func lookup(values map[string]string) config.Lookup {
	return func(name string) (string, bool) { value, ok := values[name]; return value, ok }
}

func TestLoad(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hidden\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var s settings
	found, err := config.Load(&s, lookup(map[string]string{
		"T_ON": "true", "T_NAMES": "a,b", "T_PEERS": "post:host:80,*:other:81", "T_SECRET_FILE": file,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if s.Inner.Pause != 30*time.Second || s.Many != 3 || !s.On || len(s.Names) != 2 || s.Peers["post"] != "host:80" || s.Secret != "hidden" {
		t.Errorf("got %+v", s)
	}
	want := []config.Setting{
		{Name: "T_PAUSE", Value: "30s", Source: config.FromDefault, Doc: "how long"},
		{Name: "T_MANY", Value: "3", Source: config.FromDefault},
		{Name: "T_ON", Value: "true", Source: config.FromEnvironment},
		{Name: "T_NAMES", Value: "a,b", Source: config.FromEnvironment},
		{Name: "T_PEERS", Value: "post:host:80,*:other:81", Source: config.FromEnvironment},
		{Name: "T_SECRET", Value: "(set)", Source: config.FromFile},
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("setting %d: got %+v, want %+v", i, found[i], want[i])
		}
	}
}

func TestLoadNamesVariableValueAndRemedy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values map[string]string
		want   string
	}{
		"duration": {map[string]string{"T_PAUSE": "soon"}, `T_PAUSE="soon" is not a duration: write it like 500ms, 30s or 24h`},
		"number":   {map[string]string{"T_MANY": "3.5"}, `T_MANY="3.5" is not a whole number`},
		"bool":     {map[string]string{"T_ON": "perhaps"}, `T_ON="perhaps" is not true or false`},
		"both":     {map[string]string{"T_SECRET": "x", "T_SECRET_FILE": "y"}, "T_SECRET and T_SECRET_FILE are both set"},
		"no file":  {map[string]string{"T_SECRET_FILE": "/nowhere/secret"}, "T_SECRET_FILE=/nowhere/secret cannot be read"},
	} {
		var s settings
		if _, err := config.Load(&s, lookup(c.values)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
