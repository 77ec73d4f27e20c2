package cost

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Prices is a price table. Every price is in one currency and before tax; an hour is a clock hour, a month is
// [HoursPerMonth] hours, and a GiB is 2^30 bytes. Every key has to be there.
type Prices struct {
	// Date is the day on which the prices were looked up, such as 2026-11-24, or [ExampleDate].
	Date string `yaml:"date"`
	// Currency is its ISO 4217 code.
	Currency string `yaml:"currency"`
	// Compute is what pods run on.
	Compute Compute `yaml:"compute"`
	// Postgres is the managed database.
	Postgres Database `yaml:"postgres"`
	// Redis is the managed cache.
	Redis Managed `yaml:"redis"`
	// NATS runs on the cluster's own nodes.
	NATS NATS `yaml:"nats"`
	// LoadBalancer is the way in.
	LoadBalancer LoadBalancer `yaml:"load_balancer"`
	// Egress is what leaves for the Internet.
	Egress Egress `yaml:"egress"`
}

// Compute are the prices of what a pod requests.
type Compute struct {
	VCPUHour float64 `yaml:"vcpu_hour"`
	GiBHour  float64 `yaml:"gib_hour"`
}

// Managed are the sizes that a managed service is sold in.
type Managed struct {
	Instances []Instance `yaml:"instances"`
}

// Database is a managed service whose storage is paid for apart.
type Database struct {
	Instances       []Instance `yaml:"instances"`
	StorageGiBMonth float64    `yaml:"storage_gib_month"`
}

// Instance is one size. Month is the price of all that is bought with it, a standby included.
type Instance struct {
	VCPUs     float64 `yaml:"vcpus"`
	MemoryGiB float64 `yaml:"memory_gib"`
	Month     float64 `yaml:"month"`
}

// NATS is how many servers the cluster of the broker has.
type NATS struct {
	Servers float64 `yaml:"servers"`
}

// LoadBalancer is its price.
type LoadBalancer struct {
	Month float64 `yaml:"month"`
}

// Egress is the price of data that leaves.
type Egress struct {
	GiB float64 `yaml:"gib"`
}

// ExampleDate is the date of a table whose figures are made up. What is computed from it says so.
const ExampleDate = "example"

// ReadPrices reads a price table from YAML. Unknown and missing keys, and figures that are no price, are refused by their path.
func ReadPrices(raw []byte) (Prices, error) {
	var p Prices
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return p, fmt.Errorf("prices: %w", err)
	}
	if len(document.Content) == 0 {
		return p, errors.New("prices: the table is empty: start from deploy/cost/prices.example.yaml")
	}
	if err := fill("", document.Content[0], reflect.ValueOf(&p).Elem()); err != nil {
		return p, fmt.Errorf("prices: %w", err)
	}
	return p, p.validate()
}

func (p Prices) validate() error {
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil && p.Date != ExampleDate {
		return fmt.Errorf("prices: date is %q: give the day on which the prices were looked up, such as 2026-11-24", p.Date)
	}
	if len(p.Currency) != 3 {
		return fmt.Errorf("prices: currency is %q: give its three letters, such as USD", p.Currency)
	}
	if p.NATS.Servers < 1 || p.NATS.Servers != math.Trunc(p.NATS.Servers) {
		return fmt.Errorf("prices: nats.servers is %g: give a whole number of servers, 1 or more", p.NATS.Servers)
	}
	for path, instances := range map[string][]Instance{"postgres.instances": p.Postgres.Instances, "redis.instances": p.Redis.Instances} {
		if len(instances) == 0 {
			return fmt.Errorf("prices: %s is empty: give at least one size", path)
		}
		for i, size := range instances {
			if size.VCPUs == 0 || size.MemoryGiB == 0 {
				return fmt.Errorf("prices: %s[%d]: vcpus and memory_gib must be above 0", path, i)
			}
		}
	}
	return nil
}

// fill sets a value from a node of YAML: structs want exactly their keys, numbers must be finite and not negative.
func fill(path string, node *yaml.Node, into reflect.Value) error {
	switch into.Kind() {
	case reflect.Struct:
		return fillStruct(path, node, into)
	case reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			return fmt.Errorf("%s: line %d: want a list", path, node.Line)
		}
		into.Set(reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content)))
		for i, item := range node.Content {
			if err := fill(fmt.Sprintf("%s[%d]", path, i), item, into.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.Float64:
		var n float64
		if err := node.Decode(&n); err != nil || node.Tag == "!!null" || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
			return fmt.Errorf("%s: line %d: %q is no number of 0 or more", path, node.Line, node.Value)
		}
		into.SetFloat(n)
		return nil
	default:
		into.SetString(node.Value)
		return nil
	}
}

func fillStruct(path string, node *yaml.Node, into reflect.Value) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("%s: line %d: want keys and values", cmp.Or(path, "the table"), node.Line)
	}
	fields := map[string]reflect.Value{}
	for i := range into.NumField() {
		fields[into.Type().Field(i).Tag.Get("yaml")] = into.Field(i)
	}
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		field, ok := fields[key.Value]
		if !ok {
			return fmt.Errorf("%s: line %d: unknown or repeated key", join(path, key.Value), key.Line)
		}
		delete(fields, key.Value)
		if err := fill(join(path, key.Value), node.Content[i+1], field); err != nil {
			return err
		}
	}
	if missing := missingKeys(into.Type(), fields); len(missing) > 0 {
		return fmt.Errorf("%s: line %d: missing", join(path, missing[0]), node.Line)
	}
	return nil
}

// missingKeys are those that were not there, in the order of the struct.
func missingKeys(of reflect.Type, left map[string]reflect.Value) (missing []string) {
	for field := range of.Fields() {
		if key := field.Tag.Get("yaml"); left[key].IsValid() {
			missing = append(missing, key)
		}
	}
	return missing
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }
