package store

import (
	"encoding/json"
	"fmt"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/among"
)

// WithPairs is the prefix of a statement that has pairs of numbers as a table: [WithColumns] with two.
func WithPairs(dialectName, table, first, second string, pairs [][2]int64) entsql.Querier {
	firsts, seconds := make([]int64, len(pairs)), make([]int64, len(pairs))
	for i, pair := range pairs {
		firsts[i], seconds[i] = pair[0], pair[1]
	}
	return WithColumns(dialectName, table, []string{first, second}, firsts, seconds)
}

// WithColumns is the prefix of a statement that has numbers as a table, under a name and with columns of the same length. They are
// one argument, or one a column, whatever their number: the statement stays prepared.
func WithColumns(dialectName, table string, names []string, columns ...[]int64) entsql.Querier {
	return entsql.ExprFunc(func(b *entsql.Builder) {
		b.WriteString("WITH ").Ident(table).WriteString(" (").IdentComma(names...).WriteString(") AS (SELECT ")
		if dialectName == dialect.Postgres {
			b.WriteString("* FROM unnest")
			b.Wrap(func(b *entsql.Builder) {
				for i, column := range columns {
					if i > 0 {
						b.Comma()
					}
					among.Array(b, column)
				}
			}).WriteString(")")
			return
		}
		for i := range columns {
			if i > 0 {
				b.Comma()
			}
			b.WriteString(fmt.Sprintf("value ->> %d", i))
		}
		b.WriteString(" FROM json_each(").Arg(jsonRows(columns)).WriteString("))")
	})
}

// jsonRows writes what columns have side by side as JSON, whose numbers SQLite reads with all 64 bits.
func jsonRows(columns [][]int64) string {
	rows := make([][]int64, len(columns[0]))
	for i := range rows {
		rows[i] = make([]int64, len(columns))
		for j, column := range columns {
			rows[i][j] = column[i]
		}
	}
	list, _ := json.Marshal(rows) //nolint:errchkjson // Numbers can be written.
	return string(list)
}
