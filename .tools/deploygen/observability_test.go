package main

import (
	"strings"
	"testing"
)

// grown is a layout with a service that nobody has thought of yet.
var grown = layout{Services: []service{
	{Name: "timeline", Consumers: []consumer{{Name: "timeline.fanout"}}},
	{Name: "chat", Schemas: []string{"pulse.chat.v1.ChatService"}},
}}

func TestAServiceThatIsAddedIsWatched(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"prometheus/prometheus.yml":        "          - pulse-chat\n",
		"grafana/dashboards/services.json": `rpc_method=~\"pulse.chat.v1.ChatService/.+\"`,
	} {
		got, err := targets[target](grown)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(got), want) {
			t.Errorf("%s does not hold %q:\n%s", target, want, got)
		}
	}
}

func TestAPanelAboutAConsumerThatIsGoneIsRefused(t *testing.T) {
	t.Parallel()
	_, err := targets["grafana/dashboards/overview.json"](layout{})
	if err == nil || !strings.Contains(err.Error(), "there is no consumer timeline.fanout") {
		t.Errorf("got %v, want it to name the consumer", err)
	}
}

// 2 % of a month's budget in an hour, 5 % in six hours, 10 % in a day and in three.
func TestBudgetsBurnAtTheRatesThatAreStated(t *testing.T) {
	t.Parallel()
	rules, err := sloRules(grown)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`ratio_rate1h{slo="availability"} > 14.4 * 0.001`, `ratio_rate5m{slo="availability"} > 14.4 * 0.001`,
		`ratio_rate6h{slo="availability"} > 6 * 0.001`, `ratio_rate30m{slo="availability"} > 6 * 0.001`,
		`ratio_rate1d{slo="latency"} > 3 * 0.01`, `ratio_rate2h{slo="latency"} > 3 * 0.01`,
		`ratio_rate3d{slo="latency"} > 1 * 0.01`, `ratio_rate6h{slo="latency"} > 1 * 0.01`,
	} {
		if !strings.Contains(string(rules), want) {
			t.Errorf("the rules do not hold %q", want)
		}
	}
}
