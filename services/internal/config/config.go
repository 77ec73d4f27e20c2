// Package config reads settings from the environment into the config structs of the packages that own them. A field says
// its variable, default and meaning in tags:
//
//	Addr string `env:"PULSE_ADDR" envDefault:"127.0.0.1:8080" doc:"where the API listens"`
//
// A secret may come from a file instead: NAME_FILE names it.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Source tells where a setting's value came from.
type Source string

// The sources of a value.
const (
	FromDefault     Source = "default"
	FromEnvironment Source = "environment"
	FromFile        Source = "file"
)

// A Setting is one variable with the value in force.
type Setting struct {
	// Name is the environment variable.
	Name string `json:"name"`
	// Value is in force; of a secret it says only whether there is one.
	Value string `json:"value"`
	// Source is where the value came from.
	Source Source `json:"source"`
	// Doc says in a phrase what the setting does.
	Doc string `json:"doc"`
}

// Lookup finds an environment variable, as [os.LookupEnv] does.
type Lookup func(name string) (string, bool)

// Load fills config, a pointer to a struct of tagged fields and of such structs, and answers the settings in the order
// of the fields. An error names each wrong variable, its value and what would be right.
func Load(config any, lookup Lookup) ([]Setting, error) {
	var settings []Setting
	var problems []error
	walk(reflect.ValueOf(config).Elem(), func(f reflect.StructField, v reflect.Value) {
		s, err := find(f, lookup)
		if err != nil {
			problems = append(problems, err)
			return
		}
		if err := parse(f, v, s); err != nil {
			problems = append(problems, err)
		}
		if f.Tag.Get("secret") == "true" && s.Value != "" {
			s.Value = "(set)"
		}
		settings = append(settings, s)
	})
	return settings, errors.Join(problems...)
}

// Current answers what a secret that came from a file is now, for those who use it again later: files of secrets change
// while a process runs. value is what it was at start; it stands while the file cannot be read, and when there is none.
func Current(value, file string) string {
	if file == "" {
		return value
	}
	content, err := os.ReadFile(file)
	if now := strings.TrimRight(string(content), "\r\n"); err == nil && now != "" {
		return now
	}
	return value
}

// walk calls visit for every field with a variable, depth first.
func walk(v reflect.Value, visit func(reflect.StructField, reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Tag.Get("env") != "":
			visit(f, v.Field(i))
		case f.Type.Kind() == reflect.Struct:
			walk(v.Field(i), visit)
		}
	}
}

// find answers the value of a field's variable as text.
func find(f reflect.StructField, lookup Lookup) (Setting, error) {
	s := Setting{Name: f.Tag.Get("env"), Value: f.Tag.Get("envDefault"), Source: FromDefault, Doc: f.Tag.Get("doc")}
	value, ok := lookup(s.Name)
	file, fromFile := lookup(s.Name + "_FILE")
	switch {
	case ok && fromFile:
		return s, fmt.Errorf("%s and %s_FILE are both set: unset one of them", s.Name, s.Name)
	case ok:
		s.Value, s.Source = value, FromEnvironment
	case fromFile:
		content, err := os.ReadFile(file)
		if err != nil {
			return s, fmt.Errorf("%s_FILE=%s cannot be read (%w): name a readable file", s.Name, file, errors.Unwrap(err))
		}
		s.Value, s.Source = strings.TrimRight(string(content), "\r\n"), FromFile
	}
	return s, nil
}

// parse sets one field from the text of its variable.
func parse(f reflect.StructField, v reflect.Value, s Setting) error {
	holder := reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: "Value", Type: f.Type, Tag: `env:"VALUE"`,
	}}))
	err := env.ParseWithOptions(holder.Interface(), env.Options{Environment: map[string]string{"VALUE": s.Value}})
	if err != nil {
		return fmt.Errorf("%s=%q is not %s", s.Name, s.Value, expected(f.Type))
	}
	v.Set(holder.Elem().Field(0))
	return nil
}

// expected says in words what a type accepts.
func expected(t reflect.Type) string {
	own, ok := reflect.TypeAssert[interface{ Expected() string }](reflect.New(t))
	switch {
	case ok:
		return own.Expected()
	case t.String() == "time.Duration":
		return "a duration: write it like 500ms, 30s or 24h"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "a whole number"
	default:
		return "a " + t.String()
	}
}
