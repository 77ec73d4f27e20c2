package cost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// A Measurement is what this package needs of one mix of `pulse bench --json`, where each field is documented.
type Measurement struct {
	Mix             string    `json:"mix"`
	Mode            string    `json:"mode"`
	Machine         string    `json:"machine"`
	MeasuredAt      time.Time `json:"measured_at"`
	Errors          int       `json:"errors"`
	BytesPerAnswer  float64   `json:"bytes_per_answer"`
	PostsPerRequest float64   `json:"posts_per_request"`
	StoredPerPost   float64   `json:"stored_bytes_per_post"`
	RecordsPerPost  float64   `json:"record_byte_days_per_post"`
	Parts           []Part    `json:"parts"`
}

// A Part is what one service, or one backend, took.
type Part struct {
	Name               string  `json:"name"`
	Backend            bool    `json:"backend"`
	CPUPerRequest      float64 `json:"cpu_us_per_request"`
	ResidentMiB        float64 `json:"resident_mib"`
	KiBPerActivePerson float64 `json:"kib_per_active_person"`
}

// ReadMeasurements reads what `pulse bench --json` printed: a JSON object for each mix.
func ReadMeasurements(raw []byte) ([]Measurement, error) {
	var all []Measurement
	seen := map[string]bool{}
	for decoder := json.NewDecoder(bytes.NewReader(raw)); ; {
		var m Measurement
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("bench result %d: %w", len(all)+1, err)
		}
		if err := m.validate(); err != nil {
			return nil, fmt.Errorf("bench result %d, mix %q: %w", len(all)+1, m.Mix, err)
		}
		if seen[m.Mix] {
			return nil, fmt.Errorf("bench result %d: the mix %q is there twice", len(all)+1, m.Mix)
		}
		seen[m.Mix] = true
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, errors.New("the bench result is empty: write one with task bench:split -- --json")
	}
	return all, nil
}

func (m Measurement) validate() error {
	if m.Mix == "" || m.MeasuredAt.IsZero() {
		return errors.New("mix or measured_at is missing")
	}
	if m.Errors > 0 {
		return fmt.Errorf("%d requests failed: what they cost says nothing, measure again", m.Errors)
	}
	backends := map[string]bool{}
	numbers := map[string]float64{"bytes_per_answer": m.BytesPerAnswer, "posts_per_request": m.PostsPerRequest}
	for i, p := range m.Parts {
		if p.Backend {
			backends[p.Name] = true
		}
		numbers[fmt.Sprintf("parts[%d].cpu_us_per_request", i)] = p.CPUPerRequest
		numbers[fmt.Sprintf("parts[%d].resident_mib", i)] = p.ResidentMiB
	}
	for path, n := range numbers {
		if n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
			return fmt.Errorf("%s is %g: it must be 0 or more", path, n)
		}
	}
	if len(m.Parts) == len(backends) || !backends[postgres] || !backends[redis] || !backends[nats] {
		return errors.New("parts do not tell Pulse from Postgres, Redis and NATS: measure with task bench:split -- --json")
	}
	if m.PostsPerRequest > 0 && m.StoredPerPost <= 0 {
		return errors.New("stored_bytes_per_post must be above 0 where posts are written: measure for longer")
	}
	return nil
}

// The backends, as bench names them.
const (
	postgres = "postgres"
	redis    = "redis"
	nats     = "nats"
)
