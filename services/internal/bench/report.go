package bench

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

// Print writes results as a table for people.
func Print(out io.Writer, results []Result) error {
	if len(results) == 0 {
		return nil
	}
	fmt.Fprintf(out, "%s\n\n", results[0].Machine)
	unknown := false
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "MIX\tRATE/s\tREQUESTS\tERRORS\tP50 ms\tP99 ms\tP99.9 ms\tCPU us\tYARDSTICK us\tRATIO\tBYTES\tVISIBLE P99 ms\tMiB\tKiB/ACTIVE\t")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%.0f\t%d\t%d\t%.2f\t%.2f\t%.2f\t%.0f\t%.1f\t%.1f\t%d\t%.1f\t%.0f\t%.1f\t\n",
			r.Mix, r.Rate, r.Requests, r.Errors, r.P50, r.P99, r.P999, r.CPUPerRequest, r.YardstickCPU, r.Ratio, r.BytesPerAnswer, r.VisibleP99, r.ResidentMiB, r.KiBPerActivePerson)
		if r.CPUPerRequest == 0 {
			unknown = true
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		if r.Streams > 0 {
			fmt.Fprintf(out, "\n%s: %d streams, %.1f KiB resident of the server each, %d broke; %d receipts, p50 %.1f ms and p99 %.1f ms after the request began\n",
				r.Mix, r.Streams, r.KiBPerStream, r.BrokenStreams, r.Receipts, r.VisibleP50, r.VisibleP99)
		}
	}
	if unknown {
		fmt.Fprintln(out, "\nCPU is 0 where nobody said which processes serve: name them with --servers.")
	}
	_, err := fmt.Fprintf(out, "\n%s. CPU is that of the server and its own backends for each request, all that the request causes included;\n"+
		"the yardstick is a bare net/http server that writes as many ready bytes, under the same load.\n", results[0].Mode)
	return err
}

// machine says what was measured on.
func machine() string {
	model := "unknown processor"
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%d cores of %s, %s %s, %s", runtime.NumCPU(), model, runtime.GOOS, strings.TrimSpace(string(kernel)), runtime.Version())
}
