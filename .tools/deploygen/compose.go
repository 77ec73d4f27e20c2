package main

import (
	"bytes"
	_ "embed"
	"text/template"
)

//go:embed services.yaml.tmpl
var composeServices string

//go:embed logins.sql.tmpl
var composeLogins string

// filled writes a template that is filled with the layout.
func filled(name, text string) func(layout) ([]byte, error) {
	return func(l layout) ([]byte, error) {
		t, err := template.New(name).Option("missingkey=error").Parse(text)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		err = t.Execute(&out, l)
		return out.Bytes(), err
	}
}
