package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestATextThatIsNoLongerThereIsAnError(t *testing.T) {
	root := t.TempDir()
	for source, want := range map[string]string{"a b": "", "b": "0 times", "a a": "2 times"} {
		if err := os.WriteFile(filepath.Join(root, "code.go"), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := mutant{file: "code.go", text: "a"}.write(root, t.TempDir())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", source, err, want)
		}
	}
}
