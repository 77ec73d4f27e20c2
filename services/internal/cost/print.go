package cost

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// Print writes an estimate as tables for people.
func (e *Estimate) Print(out io.Writer) error {
	if e.PricesOf == ExampleDate {
		fmt.Fprintln(out, "THE PRICES ARE AN EXAMPLE: put your own into the price table, and its date.")
	}
	fmt.Fprintf(out, "Measured: %s\nPrices of: %s, in %s a month\n\n", e.Measured, e.PricesOf, e.Currency)
	for _, rows := range [][]string{e.mixRows(), e.serviceRows(), e.backendRows(), e.itemRows()} {
		t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		for _, row := range rows {
			fmt.Fprintln(t, row)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintf(out, "Storage grows by %.2f GiB a month (%.0f posts a day) to %.2f GiB; %.1f GiB leave a month.\n"+
		"A thousand requests cost %.5f, each of %.0f active people %.5f a month.\n",
		e.Storage.GrowthGiBMonth, e.Storage.PostsPerDay, e.Storage.GiB, e.EgressGiBMonth, e.PerThousandRequests, e.ActivePeople, e.PerActivePerson)
	return err
}

func (e *Estimate) mixRows() []string {
	rows := []string{"MIX\tREQUESTS/s\tAT THE PEAK\t"}
	for _, m := range e.Mixes {
		rows = append(rows, fmt.Sprintf("%s\t%.1f\t%.1f\t", m.Mix, m.Mean, m.Peak))
	}
	return rows
}

func (e *Estimate) serviceRows() []string {
	rows := []string{"SERVICE\tCORES USED\tPODS\tREQUEST CPU\tLIMIT CPU\tMEMORY MiB\t"}
	for _, s := range e.Services {
		rows = append(rows, fmt.Sprintf("%s\t%.2f\t%d\t%s\t%s\t%.0f\t", s.Name, s.Cores, s.Replicas, millicores(s.RequestCPU), millicores(s.LimitCPU), s.MemoryMiB))
	}
	return rows
}

func (e *Estimate) backendRows() []string {
	rows := []string{"BACKEND\tCORES USED\tMEMORY GiB\tBOUGHT\t"}
	for _, b := range e.Backends {
		rows = append(rows, fmt.Sprintf("%s\t%.2f\t%.2f\t%s\t", b.Name, b.Cores, b.MemoryGiB, b.Bought))
	}
	return rows
}

func (e *Estimate) itemRows() []string {
	rows := []string{"ITEM\t" + e.Currency + "\t"}
	for _, item := range e.Items {
		rows = append(rows, fmt.Sprintf("%s\t%.2f\t", item.Name, item.Month))
	}
	return append(rows, fmt.Sprintf("total\t%.2f\t", e.Total))
}

// millicores writes cores as Kubernetes does.
func millicores(cores float64) string { return fmt.Sprintf("%.0fm", math.Round(cores*1000)) }
