package cost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// CheckBudget fails when the estimate is over a budget for a month, and says which items it is made of, dearest first.
func (e *Estimate) CheckBudget(budget float64) error {
	if e.Total <= budget {
		return nil
	}
	items := slices.SortedStableFunc(slices.Values(e.Items), func(a, b Item) int { return cmp.Compare(b.Month, a.Month) })
	var dear []string
	for _, item := range items {
		if item.Month > 0 {
			dear = append(dear, fmt.Sprintf("%s %.2f", item.Name, item.Month))
		}
	}
	return fmt.Errorf("%.2f %s a month is %.2f over the budget of %.2f: %s",
		e.Total, e.Currency, e.Total-budget, budget, strings.Join(dear, ", "))
}
