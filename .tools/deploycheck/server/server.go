package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/pulse-social/pulse/tools/deploycheck"
)

// patience bounds how long a server may take to start, and to know a new kind.
const patience = 2 * time.Minute

// A server is an API server with its etcd.
type server struct {
	folder    string
	url       string
	token     string
	client    *http.Client
	processes []*exec.Cmd
	// resources are the paths of the collections of kinds, by apiVersion and kind.
	resources map[string]string
}

// start starts both on loopback.
func start(ctx context.Context, apiserver, etcd string) (*server, error) {
	folder, err := os.MkdirTemp("", "pulse-apiserver-")
	if err != nil {
		return nil, err
	}
	s := &server{folder: folder, token: rand.Text(), resources: map[string]string{}}
	if err := s.startAll(ctx, apiserver, etcd); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) startAll(ctx context.Context, apiserver, etcd string) error {
	ports, err := freePorts(ctx, 3)
	if err != nil {
		return err
	}
	store, peers := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	s.url = "https://127.0.0.1:" + ports[2]
	if err := s.writeSecrets(); err != nil {
		return err
	}
	err = s.run(ctx, etcd, "--data-dir", s.path("etcd"), "--unsafe-no-fsync", "--listen-client-urls", store, "--advertise-client-urls", store,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "default="+peers)
	if err != nil {
		return err
	}
	err = s.run(ctx, apiserver, "--etcd-servers", store, "--bind-address", "127.0.0.1", "--secure-port", ports[2], "--cert-dir", s.path("certs"),
		"--token-auth-file", s.path("tokens"), "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.0.0.0/24",
		"--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", s.path("key"),
		"--service-account-signing-key-file", s.path("key"))
	if err != nil {
		return err
	}
	return s.until(ctx, "the API server to be ready", func() error {
		if err := s.trust(); err != nil {
			return err
		}
		_, _, err := s.call(ctx, http.MethodGet, "/readyz", "", nil)
		return err
	})
}

func freePorts(ctx context.Context, count int) ([]string, error) {
	var ports []string
	for range count {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports, nil
}

func (s *server) path(name string) string { return filepath.Join(s.folder, name) }

// writeSecrets writes who may call, and the key of service accounts.
func (s *server) writeSecrets() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return errors.Join(
		os.WriteFile(s.path("tokens"), []byte(s.token+",admin,admin,system:masters\n"), 0o600),
		os.WriteFile(s.path("key"), block, 0o600),
	)
}

func (s *server) run(ctx context.Context, program string, args ...string) error {
	log, err := os.Create(s.path(filepath.Base(program) + ".log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // The program has it too.
	command := exec.CommandContext(ctx, program, args...)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w: name it with --apiserver or --etcd", program, err)
	}
	s.processes = append(s.processes, command)
	return nil
}

// trust makes the client trust the certificate that the server has made for itself.
func (s *server) trust() error {
	certificate, err := os.ReadFile(s.path("certs/apiserver.crt"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}}
	return nil
}

func (s *server) stop() {
	for _, process := range slices.Backward(s.processes) {
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
	}
	_ = os.RemoveAll(s.folder)
}

func (s *server) until(ctx context.Context, what string, try func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("waited %s in vain for %s: %w", patience, what, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// call makes a call and answers its body and warnings; what is not 2xx is an error with the server's words.
func (s *server) call(ctx context.Context, method, path, contentType string, body []byte) ([]byte, []string, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, nil, err
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		var status struct{ Message string }
		_ = json.Unmarshal(content, &status) // What is not a status is told by its code.
		return nil, nil, fmt.Errorf("%s: %s", answer.Status, status.Message)
	}
	return content, answer.Header.Values("Warning"), nil
}

// prepare installs the definitions of the custom resources, and makes the namespace.
func (s *server) prepare(ctx context.Context) error {
	files, err := deploycheck.CRDs(ctx)
	if err != nil {
		return err
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		definitions, err := deploycheck.Documents(raw)
		if err != nil {
			return err
		}
		for _, d := range definitions {
			if d["kind"] != "CustomResourceDefinition" {
				continue
			}
			if err := s.create(ctx, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", d); err != nil {
				return fmt.Errorf("%s: %w", id(d), err)
			}
		}
	}
	restricted := object{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
	if err := s.create(ctx, "/api/v1/namespaces", object{"metadata": object{"name": namespace, "labels": restricted}}); err != nil {
		return err
	}
	// A controller makes this one in a cluster.
	return s.create(ctx, "/api/v1/namespaces/"+namespace+"/serviceaccounts", object{"metadata": object{"name": "default"}})
}

func (s *server) create(ctx context.Context, path string, o object) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, _, err = s.call(ctx, http.MethodPost, path, "application/json", raw)
	return err
}

// dryRun submits an object as an apply would, and answers what the server refuses or warns of.
func (s *server) dryRun(ctx context.Context, o object) string {
	collection, err := s.resource(ctx, o["apiVersion"].(string), o["kind"].(string))
	if err != nil {
		return err.Error()
	}
	raw, err := yaml.Marshal(o)
	if err != nil {
		return err.Error()
	}
	path := strings.ReplaceAll(collection, "{namespace}", namespace) + "/" + o["metadata"].(object)["name"].(string) +
		"?dryRun=All&fieldManager=check&fieldValidation=Strict&force=true"
	_, warnings, err := s.call(ctx, http.MethodPatch, path, "application/apply-patch+yaml", raw)
	if err != nil {
		return err.Error()
	}
	return strings.Join(warnings, "; ")
}

// resource answers the path of a kind's collection. A kind that has just been defined takes the server a moment.
func (s *server) resource(ctx context.Context, apiVersion, kind string) (string, error) {
	key := apiVersion + " " + kind
	if path, ok := s.resources[key]; ok {
		return path, nil
	}
	root := "/apis/" + apiVersion
	if apiVersion == "v1" {
		root = "/api/v1"
	}
	err := s.until(ctx, "the kind "+key, func() error {
		raw, _, err := s.call(ctx, http.MethodGet, root, "", nil)
		if err != nil {
			return err
		}
		var list struct {
			Resources []struct {
				Name, Kind string
				Namespaced bool
			}
		}
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for _, r := range list.Resources {
			if r.Kind == kind && r.Namespaced && !strings.Contains(r.Name, "/") {
				s.resources[key] = root + "/namespaces/{namespace}/" + r.Name
				return nil
			}
		}
		return errors.New("the server does not know it")
	})
	return s.resources[key], err
}
