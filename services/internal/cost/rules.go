package cost

import (
	"io"
	"text/template"
)

// PrintRules writes Prometheus rules that compute, from what Pulse's processes really use, what a month costs at that rate,
// and alert when that comes near a budget for a month, or is over it.
func (e *Estimate) PrintRules(out io.Writer, budget float64) error {
	return rules.Execute(out, struct {
		*Estimate
		VCPUHour, GiBHour, Utilization, HoursPerMonth, Fixed, Budget float64
	}{e, e.compute.VCPUHour, e.compute.GiBHour, e.utilization, HoursPerMonth, e.Fixed(), budget})
}

// The CPU that is used is paid for as it is requested: used over the utilization aimed at.
var rules = template.Must(template.New("rules").Delims("<<", ">>").Parse(`# Written by pulse cost --rules: prices of <<.PricesOf>><<if eq .PricesOf "example">>, which are made up: write the file anew with yours<<end>>.
groups:
  - name: pulse-budget
    rules:
      - record: pulse:cost_vcpu_hour:price
        expr: vector(<<.VCPUHour>>)
      - record: pulse:cost_gib_hour:price
        expr: vector(<<.GiBHour>>)
      - record: pulse:cost_fixed_month:price
        expr: vector(<<printf "%.2f" .Fixed>>)
      - record: pulse:cost_budget_month:price
        expr: vector(<<printf "%.2f" .Budget>>)
      - record: service:pulse_cost_month:rate1h
        expr: >-
          <<printf "%g" .HoursPerMonth>> * (
            sum by (service) (rate(process_cpu_seconds_total{job=~"pulse.*"}[1h])) / <<.Utilization>>
              * scalar(pulse:cost_vcpu_hour:price)
            + sum by (service) (avg_over_time(process_resident_memory_bytes{job=~"pulse.*"}[1h])) / 2^30
              * scalar(pulse:cost_gib_hour:price)
          )
      - record: pulse:cost_month:rate1h
        expr: sum(service:pulse_cost_month:rate1h) + scalar(pulse:cost_fixed_month:price)
      - alert: PulseCostNearBudget
        expr: >-
          pulse:cost_month:rate1h > 0.8 * scalar(pulse:cost_budget_month:price)
          and pulse:cost_month:rate1h <= scalar(pulse:cost_budget_month:price)
        for: 6h
        labels:
          severity: ticket
        annotations:
          summary: Pulse costs more than 80 % of its budget
          description: At the rate of the last hour a month costs {{ printf "%.2f" $value }} <<.Currency>> of <<printf "%.2f" .Budget>>.
          runbook_url: https://github.com/pulse-social/pulse/blob/main/deploy/runbooks.md#pulsecostnearbudget
      - alert: PulseCostOverBudget
        expr: pulse:cost_month:rate1h > scalar(pulse:cost_budget_month:price)
        for: 1h
        labels:
          severity: ticket
        annotations:
          summary: Pulse costs more than its budget
          description: At the rate of the last hour a month costs {{ printf "%.2f" $value }} <<.Currency>> of <<printf "%.2f" .Budget>>.
          runbook_url: https://github.com/pulse-social/pulse/blob/main/deploy/runbooks.md#pulsecostoverbudget
`))
