package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sound is a module that nothing is wrong with.
const sound = `terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.0.0"
    }
  }
}

variable "name" {
  type        = string
  description = "Name of everything."
}

data "aws_region" "current" {}

locals {
  names = [for suffix in ["a", "b"] : "${var.name}-${suffix}"]
}

resource "aws_s3_bucket" "media" {
  for_each = toset(local.names)
  bucket   = each.key
  region   = data.aws_region.current.region
}

output "buckets" {
  description = "Names of the buckets."
  value       = [for bucket in aws_s3_bucket.media : bucket.id]
}
`

// TestPlantedErrors plants one error of each kind, and looks for it.
func TestPlantedErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"format", "  type        =", "  type =", "not formatted"},
		{"syntax", "data \"aws_region\" \"current\" {}", "data \"aws_region\" {", "Unclosed configuration block"},
		{"type", "  type        = string\n", "", "var.name: has no type"},
		{"description of a variable", "  description = \"Name of everything.\"\n", "", "var.name: has no description"},
		{"description of an output", "  description = \"Names of the buckets.\"\n", "", "output.buckets: has no description"},
		{"unused variable", "${var.name}-", "", "var.name: nothing uses it"},
		{"unused data", "data.aws_region.current.region", "\"here\"", "data.aws_region.current: nothing uses it"},
		{"unknown variable", "var.name}", "var.nam}", "var.nam is not declared"},
		{"unknown local", "local.names", "local.name", "local.name is not declared"},
		{"unknown resource", "in aws_s3_bucket.media", "in aws_s3_bucket.medium", "aws_s3_bucket.medium is not declared"},
		{"unknown data", "data.aws_region.current.region", "data.aws_region.here.region", "data.aws_region.here is not declared"},
		{"version of a provider", `"6.0.0"`, `">= 6.0"`, `required_providers.aws: version ">= 6.0" is not one release`},
		{"provider", "    aws = {", "    awz = {", "aws_s3_bucket.media: the provider aws is not among"},
		{"version of Terraform", "  required_version = \">= 1.9\"\n", "", "has no required_version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			content := sound
			if c.name == "format" || c.name == "type" || strings.HasPrefix(c.name, "description") {
				// Attributes are aligned in pairs, so that taking one away asks for another format.
				content = strings.Replace(content, c.old, c.new, 1)
			} else if c.old != "" {
				content = strings.ReplaceAll(content, c.old, c.new)
			}
			write(t, folder, "one", content)
			problems, _, err := check(folder)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(problems, "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestModulesHaveTheSameOutputs renames an output of one of two modules.
func TestModulesHaveTheSameOutputs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "one", sound)
	write(t, folder, "two", strings.Replace(sound, `output "buckets"`, `output "names"`, 1))
	problems, _, err := check(folder)
	want := "output.buckets: only in one: every module has the same outputs"
	if err != nil || len(problems) != 2 || problems[0] != want {
		t.Errorf("got %q and %v, want %q", problems, err, want)
	}
}

// TestFormat has a badly formatted file written anew.
func TestFormat(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "one", strings.Replace(sound, "  type        =", "  type =", 1))
	if err := format(folder); err != nil {
		t.Fatal(err)
	}
	if problems, _, err := check(folder); err != nil || len(problems) > 0 {
		t.Errorf("got %q and %v", problems, err)
	}
}

// TestNoModules does not take an empty folder for a sound one.
func TestNoModules(t *testing.T) {
	t.Parallel()
	if _, _, err := check(t.TempDir()); err == nil {
		t.Error("an empty folder was accepted")
	}
}

func write(t *testing.T, folder, module, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(folder, module), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, module, "main.tf"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
