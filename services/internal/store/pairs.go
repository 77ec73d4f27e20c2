package store

import (
	"encoding/json"
	"strconv"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// WithPairs is the prefix of a query that has pairs of numbers as a table, under a name and with two columns. The pairs are one
// or two arguments whatever their number: the statement stays prepared.
func WithPairs(dialectName, table, first, second string, pairs [][2]int64) entsql.Querier {
	return entsql.ExprFunc(func(b *entsql.Builder) {
		b.WriteString("WITH ").Ident(table).WriteString(" (").IdentComma(first, second).WriteString(") AS (SELECT ")
		if dialectName == dialect.Postgres {
			b.WriteString("* FROM unnest(").Arg(array(pairs, 0)).WriteString("::text::bigint[], ").
				Arg(array(pairs, 1)).WriteString("::text::bigint[]))")
			return
		}
		b.WriteString("value ->> 0, value ->> 1 FROM json_each(").Arg(jsonPairs(pairs)).WriteString("))")
	})
}

// array writes one number of each pair as Postgres writes arrays.
func array(pairs [][2]int64, place int) string {
	list := make([]byte, 0, 20*len(pairs)+2)
	list = append(list, '{')
	for i, pair := range pairs {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, pair[place], 10)
	}
	return string(append(list, '}'))
}

// jsonPairs writes pairs as JSON, whose numbers SQLite reads with all 64 bits.
func jsonPairs(pairs [][2]int64) string {
	list, _ := json.Marshal(pairs) //nolint:errchkjson // Numbers can be written.
	return string(list)
}
