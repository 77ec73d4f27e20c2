package cost

import (
	"fmt"
	"io"
)

// wholePulse is how bench names a process that runs all services, and all how the chart names its Deployment.
const wholePulse, all = "pulse", "all"

// PrintValues writes what the services need as values of the Helm chart.
func (e *Estimate) PrintValues(out io.Writer) error {
	topology := "split"
	if e.Services[0].Name == wholePulse {
		topology = "single"
	}
	fmt.Fprintf(out, "# Written by pulse cost for %.0f active people, from %s.\ntopology: %s\ndeployments:\n", e.ActivePeople, e.Measured, topology)
	for _, s := range e.Services {
		if s.Name == wholePulse {
			s.Name = all
		}
		_, err := fmt.Fprintf(out, `  %s:
    replicas: %d
    resources:
      requests: { cpu: %s, memory: %.0fMi }
      limits: { cpu: %s, memory: %.0fMi }
`, s.Name, s.Replicas, millicores(s.RequestCPU), s.MemoryMiB, millicores(s.LimitCPU), s.MemoryMiB)
		if err != nil {
			return err
		}
	}
	return nil
}
