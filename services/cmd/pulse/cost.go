package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/cost"
)

// costCommand computes what a load needs and costs.
type costCommand struct {
	Bench  string `required:"" type:"existingfile" placeholder:"FILE" help:"What pulse bench --split --json printed."`
	Prices string `required:"" type:"existingfile" placeholder:"FILE" help:"The price table; deploy/cost/prices.example.yaml shows its form."`

	People      float64            `default:"100000" help:"How many people have an account (${default})."`
	Active      float64            `default:"0.2" help:"Which share of them is there on a day (${default})."`
	Requests    map[string]float64 `placeholder:"MIX=N" help:"Requests of a mix that an active person makes in a day, several with semicolons (home=50 unless --rate is given)."`
	PostsPerDay float64            `default:"0.5" help:"Posts that an active person writes in a day: requests of the mix compose (${default})."`
	Rate        map[string]float64 `placeholder:"MIX=N" help:"Requests a second of a mix, averaged over a day, several with semicolons."`
	Peak        float64            `default:"3" help:"The rate of the busiest hour over the day's average (${default})."`
	Retention   float64            `default:"365" placeholder:"DAYS" help:"How many days posts stay (${default})."`

	Utilization float64 `default:"0.6" help:"Which share of the CPU requested is used at the peak: what the autoscaler aims at (${default})."`
	PodCPU      float64 `default:"1" name:"pod-cpu" help:"How many cores a pod may request (${default})."`
	MinReplicas int     `default:"2" help:"How many pods each service has at least (${default})."`

	Budget float64 `placeholder:"N" help:"Fail with exit code 1 when a month costs more."`
	Values bool    `xor:"form" help:"Print values for the Helm chart."`
	Rules  bool    `xor:"form" help:"Print Prometheus rules that alert when a month costs more than --budget."`
	JSON   bool    `xor:"form" help:"Print JSON for programs."`
}

// Help says more than the one line.
func (costCommand) Help() string {
	return `What a request takes comes from a measurement, with a process for each service and on real backends, and what that costs
from a table of your prices. Pods are sized for the peak; the storage is that of the oldest post's last day.

Examples:
  task bench:split -- --mix home,compose,dsb --json > bench.json
  pulse cost --bench bench.json --prices prices.yaml --people 1000000 --requests home=40 --posts-per-day 0.3
  pulse cost --bench bench.json --prices prices.yaml --rate 'home=500;compose=20' --budget 2000
  pulse cost --bench bench.json --prices prices.yaml --values > values-size.yaml
  pulse cost --bench bench.json --prices prices.yaml --budget 2000 --rules > deploy/prometheus/rules/cost.yaml`
}

// Run implements the command.
func (c costCommand) Run() error {
	if c.Budget < 0 || (c.Rules && c.Budget == 0) {
		return errors.New("--budget: give what a month may cost, more than 0")
	}
	estimate, err := c.estimate()
	if err != nil {
		return err
	}
	switch {
	case c.Rules:
		return estimate.PrintRules(os.Stdout, c.Budget)
	case c.Values:
		err = estimate.PrintValues(os.Stdout)
	case c.JSON:
		err = json.NewEncoder(os.Stdout).Encode(estimate)
	default:
		err = estimate.Print(os.Stdout)
	}
	if err != nil || c.Budget == 0 {
		return err
	}
	return estimate.CheckBudget(c.Budget)
}

func (c costCommand) estimate() (cost.Estimate, error) {
	raw, err := os.ReadFile(c.Bench)
	if err != nil {
		return cost.Estimate{}, err
	}
	measured, err := cost.ReadMeasurements(raw)
	if err != nil {
		return cost.Estimate{}, fmt.Errorf("%s: %w", c.Bench, err)
	}
	if raw, err = os.ReadFile(c.Prices); err != nil {
		return cost.Estimate{}, err
	}
	prices, err := cost.ReadPrices(raw)
	if err != nil {
		return cost.Estimate{}, fmt.Errorf("%s: %w", c.Prices, err)
	}
	if len(c.Requests) == 0 && len(c.Rate) == 0 {
		c.Requests = map[string]float64{"home": 50}
	}
	return cost.New(cost.Load{
		People: c.People, Active: c.Active, Requests: c.Requests, PostsPerDay: c.PostsPerDay, Rates: c.Rate, Peak: c.Peak,
		RetentionDays: c.Retention, Utilization: c.Utilization, PodCPU: c.PodCPU, MinReplicas: c.MinReplicas, PeopleKept: app.PeopleKept,
	}, measured, prices)
}
