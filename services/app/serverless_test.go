package app_test

import (
	"bytes"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/pulse-social/pulse/services/app"
)

// hosted is what a hoster's file says of a process.
type hosted struct {
	// args are those of the program.
	args []string
	// env has secrets under a value that stands for them.
	env map[string]string
	// port is where the hoster sends calls, and probes are where it looks, as port and path.
	port   int
	probes []string
}

// secrets are values of what a hoster keeps secret.
var secrets = map[string]string{
	"PULSE_DATABASE_URL": "postgres://pulse@db/pulse?sslmode=verify-full", "PULSE_REDIS_URL": "rediss://redis:6379", "PULSE_NATS_URL": "tls://nats:4222",
}

// The files for hosters name settings that there are, with values that are accepted, and the ports that Pulse listens on.
func TestFilesForHosters(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(*testing.T, []byte) hosted{
		"cloud-run.yaml": readCloudRun, "container-apps.yaml": readContainerApps, "lambda.yaml": readLambda,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile("../../deploy/serverless/" + name)
			if err != nil {
				t.Fatal(err)
			}
			h := read(t, raw)
			if len(h.args) != 1 || h.args[0] != "serve" {
				t.Errorf("arguments %q, want serve", h.args)
			}
			h.check(t)
		})
	}
}

func (h hosted) check(t *testing.T) {
	t.Helper()
	config, settings, err := app.LoadConfig(func(name string) (string, bool) { value, ok := h.env[name]; return value, ok })
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range settings {
		known[s.Name] = true
	}
	for name := range h.env {
		if strings.HasPrefix(name, "PULSE_") && !known[name] {
			t.Errorf("there is no setting %s", name)
		}
	}
	scheme, _, _ := strings.Cut(config.Media.URL, "://")
	if !slices.Contains([]string{"s3", "gs", "azblob"}, scheme) {
		t.Errorf("pictures are in %q, which is no object storage", config.Media.URL)
	}
	for name, value := range secrets {
		if h.env[name] != value {
			t.Errorf("%s does not come from a secret", name)
		}
	}
	if _, port, _ := net.SplitHostPort(config.Server.Addr); port != strconv.Itoa(h.port) {
		t.Errorf("calls go to port %d, and PULSE_ADDR=%s", h.port, config.Server.Addr)
	}
	_, ops, _ := net.SplitHostPort(config.Server.OpsAddr)
	if len(h.probes) == 0 {
		t.Error("there is no probe")
	}
	for _, probe := range h.probes {
		if probe != strconv.Itoa(h.port)+" grpc" && probe != ops+" /readyz" && probe != ops+" /healthz" {
			t.Errorf("probe of %s: nothing answers there", probe)
		}
	}
}

// decode reads YAML into a struct that has a field for each key that may be there.
func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

type probe struct {
	Type    string
	GRPC    *struct{ Port int }
	HTTPGet *struct {
		Port int
		Path string
	} `yaml:"httpGet"`
	PeriodSeconds    int `yaml:"periodSeconds"`
	TimeoutSeconds   int `yaml:"timeoutSeconds"`
	FailureThreshold int `yaml:"failureThreshold"`
}

func (p probe) String() string {
	if p.GRPC != nil {
		return strconv.Itoa(p.GRPC.Port) + " grpc"
	}
	if p.HTTPGet != nil {
		return strconv.Itoa(p.HTTPGet.Port) + " " + p.HTTPGet.Path
	}
	return "nothing"
}

func readCloudRun(t *testing.T, raw []byte) hosted {
	t.Helper()
	var file struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct{ Name string }
		Spec       struct {
			Template struct {
				Metadata struct{ Annotations map[string]string }
				Spec     struct {
					ContainerConcurrency int    `yaml:"containerConcurrency"`
					ServiceAccountName   string `yaml:"serviceAccountName"`
					TimeoutSeconds       int    `yaml:"timeoutSeconds"`
					Containers           []struct {
						Image string
						Args  []string
						Ports []struct {
							Name          string
							ContainerPort int `yaml:"containerPort"`
						}
						Env []struct {
							Name, Value string
							ValueFrom   struct {
								SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
							} `yaml:"valueFrom"`
						}
						Resources     struct{ Limits map[string]string }
						StartupProbe  probe `yaml:"startupProbe"`
						LivenessProbe probe `yaml:"livenessProbe"`
					}
				}
			}
		}
	}
	decode(t, raw, &file)
	if file.APIVersion != "serving.knative.dev/v1" || file.Kind != "Service" {
		t.Errorf("it is %s %s", file.APIVersion, file.Kind)
	}
	if account := file.Spec.Template.Spec.ServiceAccountName; account == "" {
		t.Error("it has no identity for its pictures")
	}
	container := file.Spec.Template.Spec.Containers[0]
	if container.Ports[0].Name != "h2c" {
		t.Errorf("the port is called %s: gRPC would not arrive", container.Ports[0].Name)
	}
	h := hosted{
		args: container.Args, env: map[string]string{}, port: container.Ports[0].ContainerPort,
		probes: []string{container.StartupProbe.String(), container.LivenessProbe.String()},
	}
	for _, e := range container.Env {
		h.env[e.Name] = e.Value
		if e.ValueFrom.SecretKeyRef.Name != "" {
			h.env[e.Name] = secrets[e.Name]
		}
	}
	return h
}

func readContainerApps(t *testing.T, raw []byte) hosted {
	t.Helper()
	var file struct {
		Type       string
		Identity   struct{ Type string }
		Properties struct {
			Configuration struct {
				ActiveRevisionsMode string `yaml:"activeRevisionsMode"`
				Ingress             struct {
					External   bool
					TargetPort int `yaml:"targetPort"`
					Transport  string
				}
				Secrets []struct{ Name, Value string }
			}
			Template struct {
				TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`
				Containers                    []struct {
					Name, Image string
					Args        []string
					Env         []struct {
						Name, Value string
						SecretRef   string `yaml:"secretRef"`
					}
					Resources struct {
						CPU    float64
						Memory string
					}
					Probes []probe
				}
				Scale struct {
					MinReplicas int `yaml:"minReplicas"`
					MaxReplicas int `yaml:"maxReplicas"`
					Rules       []struct {
						Name string
						HTTP struct{ Metadata map[string]string }
					}
				}
			}
		}
	}
	decode(t, raw, &file)
	if file.Identity.Type == "" {
		t.Error("it has no identity for its pictures")
	}
	known := map[string]bool{}
	for _, s := range file.Properties.Configuration.Secrets {
		known[s.Name] = true
	}
	container := file.Properties.Template.Containers[0]
	h := hosted{args: container.Args, env: map[string]string{}, port: file.Properties.Configuration.Ingress.TargetPort}
	for _, e := range container.Env {
		h.env[e.Name] = e.Value
		if known[e.SecretRef] {
			h.env[e.Name] = secrets[e.Name]
		} else if e.SecretRef != "" {
			t.Errorf("%s is of a secret %s, which there is not", e.Name, e.SecretRef)
		}
	}
	for _, p := range container.Probes {
		h.probes = append(h.probes, p.String())
	}
	return h
}

func readLambda(t *testing.T, raw []byte) hosted {
	t.Helper()
	var file struct {
		Version    string `yaml:"AWSTemplateFormatVersion"`
		Transform  string `yaml:"Transform"`
		Parameters map[string]struct {
			Type   string `yaml:"Type"`
			NoEcho bool   `yaml:"NoEcho"`
		} `yaml:"Parameters"`
		Resources struct {
			Pictures struct {
				Type       string         `yaml:"Type"`
				Deletion   string         `yaml:"DeletionPolicy"`
				Replace    string         `yaml:"UpdateReplacePolicy"`
				Properties map[string]any `yaml:"Properties"`
			} `yaml:"Pictures"`
			Pulse struct {
				Type       string `yaml:"Type"`
				Properties struct {
					PackageType string `yaml:"PackageType"`
					ImageURI    string `yaml:"ImageUri"`
					ImageConfig struct {
						Command []string `yaml:"Command"`
					} `yaml:"ImageConfig"`
					Architectures     []string          `yaml:"Architectures"`
					MemorySize        int               `yaml:"MemorySize"`
					Timeout           int               `yaml:"Timeout"`
					Policies          []any             `yaml:"Policies"`
					FunctionURLConfig map[string]string `yaml:"FunctionUrlConfig"`
					Environment       struct {
						Variables map[string]yaml.Node `yaml:"Variables"`
					} `yaml:"Environment"`
				} `yaml:"Properties"`
			} `yaml:"Pulse"`
		} `yaml:"Resources"`
		Outputs map[string]any `yaml:"Outputs"`
	}
	decode(t, raw, &file)
	if pictures := file.Resources.Pictures; pictures.Type != "AWS::S3::Bucket" || pictures.Deletion != "Retain" || pictures.Replace != "Retain" {
		t.Errorf("pictures are in %+v, want a bucket that outlives the stack", pictures)
	}
	properties := file.Resources.Pulse.Properties
	if len(properties.Policies) == 0 {
		t.Error("the function has no right to its pictures")
	}
	h := hosted{args: properties.ImageConfig.Command, env: map[string]string{}}
	adapter := map[string]string{}
	for name, node := range properties.Environment.Variables {
		into := h.env
		if strings.HasPrefix(name, "AWS_LWA_") {
			into = adapter
		}
		into[name] = strings.NewReplacer("${Pictures}", "pictures", "${AWS::Region}", "eu-central-1").Replace(node.Value) // As !Sub does.
		if name == "PULSE_CORS_ORIGINS" {
			into[name] = "https://app.example.org" // The parameter Origin.
		}
		if _, secret := secrets[name]; node.Tag == "!Ref" && secret {
			if !file.Parameters[node.Value].NoEcho {
				t.Errorf("%s is of the parameter %s, which is shown", name, node.Value)
			}
			into[name] = secrets[name]
		}
	}
	var err error
	if h.port, err = strconv.Atoi(adapter["AWS_LWA_PORT"]); err != nil {
		t.Fatal(err)
	}
	h.probes = []string{adapter["AWS_LWA_READINESS_CHECK_PORT"] + " " + adapter["AWS_LWA_READINESS_CHECK_PATH"]}
	want := map[string]string{
		"AWS_LWA_PORT": "8080", "AWS_LWA_READINESS_CHECK_PORT": "9090", "AWS_LWA_READINESS_CHECK_PATH": "/readyz",
		"AWS_LWA_READINESS_CHECK_HEALTHY_STATUS": "200", "AWS_LWA_INVOKE_MODE": "response_stream",
	}
	if !maps.Equal(adapter, want) {
		t.Errorf("the adapter has %v, want %v", adapter, want)
	}
	return h
}
