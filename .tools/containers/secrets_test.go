package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
)

// TestSecretsAreMade has a secret for each that the files name, and keeps it the second time: a database knows it by then.
func TestSecretsAreMade(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(plant(t, "compose/.env", "", ""), "compose")
	if err := os.RemoveAll(filepath.Join(folder, "secrets")); err != nil {
		t.Fatal(err)
	}
	makeSecrets := func() string {
		c := exec.CommandContext(t.Context(), "bash", filepath.Join(folder, "secrets.sh"))
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	first := makeSecrets()
	options, err := cli.NewProjectOptions([]string{filepath.Join(folder, "compose.yaml")},
		cli.WithWorkingDirectory(folder), cli.WithEnvFiles(), cli.WithDotEnv, cli.WithProfiles([]string{"*"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for name, secret := range project.Secrets {
		raw, err := os.ReadFile(secret.File)
		if err != nil {
			t.Errorf("%s: %v, after\n%s", name, err, first)
		}
		made[name] = string(raw)
	}
	if url, password := made["database_url"], made["postgres_password"]; len(password) != 48 || !strings.Contains(url, "//pulse:"+password+"@postgres:5432/pulse?") {
		t.Errorf("%s does not have the password %s", url, password)
	}
	if url := made["database_url_post"]; !strings.HasPrefix(url, "postgres://login_post:") {
		t.Errorf("the service post logs in by %s", url)
	}
	if again := makeSecrets(); again != "" {
		t.Errorf("the second time\n%s", again)
	}
}
