// Package among matches rows by lists of numbers: the generated predicates In and NotIn of such columns.
package among

import (
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// In matches rows whose column is one of the numbers. On Postgres they are one argument whatever their number. A statement
// for each number of arguments would be one that most connections meet for the first time: they prepare and plan it, for five
// hundred arguments as long as they run it, and keep it.
func In(column string, numbers ...int64) func(*sql.Selector) {
	return where(column, numbers, sql.FieldIn(column, numbers...), " = ANY(")
}

// NotIn matches rows whose column is none of the numbers.
func NotIn(column string, numbers ...int64) func(*sql.Selector) {
	return where(column, numbers, sql.FieldNotIn(column, numbers...), " <> ALL(")
}

func where(column string, numbers []int64, list func(*sql.Selector), array string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if s.Dialect() != dialect.Postgres {
			list(s)
			return
		}
		// The name is made now: it is another once the query has an alias.
		name := s.C(column)
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(name).WriteString(array)
			Array(b, numbers)
			b.WriteString(")")
		}))
	}
}

// Array writes an array of numbers for Postgres. It is selected, which hides how long it is: Postgres would else make a new plan
// each time there are few, since it takes that for so much cheaper than the one it keeps, for ten, that it outweighs the planning,
// which it does not.
func Array(b *sql.Builder, numbers []int64) {
	list := make([]byte, 0, 20*len(numbers)+2)
	list = append(list, '{')
	for i, n := range numbers {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, n, 10)
	}
	b.WriteString("(SELECT ").Arg(string(append(list, '}'))).WriteString("::text::bigint[])::bigint[]")
}
