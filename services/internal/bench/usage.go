package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pulse-social/pulse/services/internal/store"
)

// TableSize is how much room a table takes.
type TableSize = store.TableSize

// group is the processes of one part: of a service, or of a backend.
type group struct {
	name    string
	backend bool
	// ops is the operators' port of a process of Pulse that was started.
	ops string
	processes
}

// groups are the parts of what is measured, Pulse's own first.
func (b *bench) groups() []group {
	var groups []group
	for i, pid := range b.server.processes {
		g := group{name: b.server.names[i], processes: processes{pid}}
		if i < len(b.server.ops) {
			g.ops = b.server.ops[i]
		}
		groups = append(groups, g)
	}
	for _, pid := range b.Backends {
		groups = append(groups, group{name: backendName(pid), backend: true, processes: processes{pid}})
	}
	return groups
}

// counted are the processes whose CPU counts.
func (b *bench) counted() processes {
	var all processes
	for _, g := range b.groups() {
		all = append(all, g.processes...)
	}
	return all
}

// backendName tells what a backend is from the name of its process.
func backendName(pid int) string {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	name := strings.TrimSpace(string(raw))
	for _, known := range []string{"postgres", "redis", "nats"} {
		if strings.HasPrefix(name, known) {
			return known
		}
	}
	return name
}

// memory answers, for each part, how many bytes a process of Pulse holds on to after a collection, or how many are resident
// in a backend.
func (b *bench) memory(ctx context.Context) ([]int64, error) {
	var held []int64
	for _, g := range b.groups() {
		var bytes int64
		var err error
		switch {
		case g.backend:
			bytes, err = g.resident()
		case g.ops != "":
			bytes, err = heapOf(ctx, g.ops)
		}
		if err != nil {
			return nil, err
		}
		held = append(held, bytes)
	}
	return held, nil
}

// usage is what was used up to a moment, or between two.
type usage struct {
	// cpu is that of each part.
	cpu []time.Duration
	// kept is the size of the tables that only grow, in bytes; recordDays that of the tables that are pruned, each byte
	// times the days that it is kept for.
	kept, recordDays float64
}

// usage reads what has been used so far; the sizes of the tables only when they are asked for.
func (b *bench) usage(ctx context.Context, sizes bool) (u usage, err error) {
	for _, g := range b.groups() {
		cpu, err := g.cpu()
		if err != nil {
			return u, err
		}
		u.cpu = append(u.cpu, cpu)
	}
	if !sizes || b.Sizes == nil {
		return u, nil
	}
	tables, err := b.Sizes(ctx, b.folder)
	for _, table := range tables {
		if table.Kept == 0 {
			u.kept += float64(table.Bytes)
		} else {
			u.recordDays += float64(table.Bytes) * table.Kept.Hours() / 24
		}
	}
	return u, err
}

// since answers what was used after an earlier moment.
func (u usage) since(before usage) usage {
	used := usage{kept: u.kept - before.kept, recordDays: u.recordDays - before.recordDays}
	for i := range min(len(u.cpu), len(before.cpu)) {
		used.cpu = append(used.cpu, u.cpu[i]-before.cpu[i])
	}
	return used
}

// total is the CPU of all parts.
func (u usage) total() (cpu time.Duration) {
	for _, part := range u.cpu {
		cpu += part
	}
	return cpu
}

// partsOf says what each part took of a load. Processes of the same name are one part.
func (b *bench) partsOf(m measured) ([]Part, error) {
	var parts []Part
	var errs []error
	for i, g := range b.groups() {
		resident, err := g.resident()
		errs = append(errs, err)
		if len(parts) == 0 || parts[len(parts)-1].Name != g.name {
			parts = append(parts, Part{Name: g.name, Backend: g.backend})
		}
		p := &parts[len(parts)-1]
		p.ResidentMiB += float64(resident) / (1 << 20)
		p.CPUPerRequest += us(m.perRequest(m.cost.cpu[i]))
		p.KiBPerActivePerson += b.perPerson[i] / (1 << 10)
	}
	return parts, errors.Join(errs...)
}
