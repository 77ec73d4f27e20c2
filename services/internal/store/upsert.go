package store

import entsql "entgo.io/ent/dialect/sql"

// AddExcluded resolves a conflict of an upsert by adding the new values of columns to those that are there.
func AddExcluded(table string, columns ...string) func(*entsql.UpdateSet) {
	return func(set *entsql.UpdateSet) {
		for _, column := range columns {
			set.Set(column, entsql.ExprFunc(func(b *entsql.Builder) {
				b.Ident(table).WriteByte('.').Ident(column).WriteString(" + ").Ident("excluded").WriteByte('.').Ident(column)
			}))
		}
	}
}
