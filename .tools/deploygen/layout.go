package main

import (
	"encoding/json"
	"strings"
)

// layout mirrors app.Layout of the services module, where each field is documented.
type layout struct {
	Services    []service `json:"services"`
	EventStream string    `json:"eventStream"`
	Edge        edge      `json:"edge"`
}

type edge struct {
	MaxRequestBytes int      `json:"maxRequestBytes"`
	TokenAlgorithm  string   `json:"tokenAlgorithm"`
	TokenType       string   `json:"tokenType"`
	TokenAudience   string   `json:"tokenAudience"`
	MaxTokenBytes   int      `json:"maxTokenBytes"`
	CORSMethods     []string `json:"corsMethods"`
	CORSHeaders     []string `json:"corsHeaders"`
	CORSExposed     []string `json:"corsExposed"`
}

// BodyLimit is what gateways let pass of a body: twice what a service reads, for some encodings are longer.
func (e edge) BodyLimit() int { return 2 * e.MaxRequestBytes }

// Exposed are the headers that browsers of other origins may read, as one value.
func (e edge) Exposed() string { return strings.Join(e.CORSExposed, ", ") }

type service struct {
	Name      string     `json:"name"`
	Calls     []string   `json:"calls"`
	Schemas   []string   `json:"schemas"`
	RPCs      []rpc      `json:"rpcs"`
	Routes    []string   `json:"routes"`
	Uploads   []upload   `json:"uploads"`
	Consumers []consumer `json:"consumers"`
}

// streams are the procedures of a service that stay open, and whose answers must reach the caller as they come.
func (s service) streams() []string {
	var procedures []string
	for _, call := range s.RPCs {
		if call.Streams {
			procedures = append(procedures, call.Procedure)
		}
	}
	return procedures
}

type upload struct {
	Route    string `json:"route"`
	MaxBytes int64  `json:"maxBytes"`
	Seconds  int    `json:"seconds"`
}

// answerSeconds is how much longer than a request may take gateways wait for what the service says of it.
const answerSeconds = 5

// Patience is how many seconds gateways wait for a file and its answer.
func (u upload) Patience() int { return u.Seconds + answerSeconds }

// parts are the method and the route of the path.
func (u upload) parts() (method string, r route, err error) {
	method, path, _ := strings.Cut(u.Route, " ")
	r, err = restRoute(path)
	return method, r, err
}

type rpc struct {
	Procedure string `json:"procedure"`
	Public    bool   `json:"public"`
	ReadOnly  bool   `json:"readOnly"`
	Streams   bool   `json:"streams"`
	REST      []rest `json:"rest"`
}

type rest struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

type consumer struct {
	Name    string   `json:"name"`
	Durable string   `json:"durable"`
	Events  []string `json:"events"`
}

// chartLayout is the layout where the Helm chart's templates can read it: a chart reads no file outside of its folder.
func chartLayout(l layout) ([]byte, error) {
	raw, err := json.MarshalIndent(l, "", "  ")
	return append(raw, '\n'), err
}
