package store

import (
	"encoding/json"
	"strconv"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// Among matches rows whose column is one of many numbers. They are one argument whatever their number: the statement stays
// prepared and its plan is kept, where one with five hundred arguments takes Postgres as long to plan as to run.
func Among(column string, numbers []int64) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		s.Where(entsql.P(func(b *entsql.Builder) {
			b.Ident(s.C(column))
			if b.Dialect() == dialect.Postgres {
				b.WriteString(" = ANY(").Arg(arrayOf(numbers)).WriteString("::text::bigint[])")
				return
			}
			list, _ := json.Marshal(numbers) //nolint:errchkjson // Numbers can be written.
			b.WriteString(" IN (SELECT value FROM json_each(").Arg(string(list)).WriteString("))")
		}))
	}
}

// arrayOf writes numbers as Postgres writes arrays.
func arrayOf(numbers []int64) string {
	list := make([]byte, 0, 20*len(numbers)+2)
	list = append(list, '{')
	for i, n := range numbers {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, n, 10)
	}
	return string(append(list, '}'))
}
