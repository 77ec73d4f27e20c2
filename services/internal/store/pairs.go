package store

import (
	"encoding/json"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/among"
)

// WithPairs is the prefix of a query that has pairs of numbers as a table, under a name and with two columns. The pairs are one
// or two arguments whatever their number: the statement stays prepared.
func WithPairs(dialectName, table, first, second string, pairs [][2]int64) entsql.Querier {
	return entsql.ExprFunc(func(b *entsql.Builder) {
		b.WriteString("WITH ").Ident(table).WriteString(" (").IdentComma(first, second).WriteString(") AS (SELECT ")
		if dialectName == dialect.Postgres {
			b.WriteString("* FROM unnest(")
			among.Array(b, column(pairs, 0))
			b.WriteString(", ")
			among.Array(b, column(pairs, 1))
			b.WriteString("))")
			return
		}
		b.WriteString("value ->> 0, value ->> 1 FROM json_each(").Arg(jsonPairs(pairs)).WriteString("))")
	})
}

// column answers one number of each pair.
func column(pairs [][2]int64, place int) []int64 {
	numbers := make([]int64, len(pairs))
	for i, pair := range pairs {
		numbers[i] = pair[place]
	}
	return numbers
}

// jsonPairs writes pairs as JSON, whose numbers SQLite reads with all 64 bits.
func jsonPairs(pairs [][2]int64) string {
	list, _ := json.Marshal(pairs) //nolint:errchkjson // Numbers can be written.
	return string(list)
}
