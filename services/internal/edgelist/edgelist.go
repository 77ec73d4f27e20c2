// Package edgelist reads graphs of people: a line `a b` of two whole numbers is an edge, `#` begins a comment.
package edgelist

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maxLine bounds one line. Two numbers need far less; a file with longer lines is something else.
const maxLine = 64 << 10

// An Edge joins two people, by their numbers in the file.
type Edge struct{ From, To int64 }

// A List is a graph as it was read.
type List struct {
	// People are the numbers of all who are in an edge, ascending.
	People []int64
	// Edges are in the order of the file. Lines that say the same twice are there twice.
	Edges []Edge
}

// Read reads a list. An error names the list, the line and what is wrong with it, such as
// "friends.txt:17: want two whole numbers, got 3 fields". A list without an edge is an error too.
func Read(r io.Reader, name string) (List, error) {
	var l List
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		edge, err := parse(fields)
		if err != nil {
			return List{}, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		l.Edges = append(l.Edges, edge)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return List{}, fmt.Errorf("%s:%d: the line is longer than %d KiB: want two whole numbers", name, number+1, maxLine>>10)
	case err != nil:
		return List{}, fmt.Errorf("%s: read line %d: %w", name, number+1, err)
	case len(l.Edges) == 0:
		return List{}, fmt.Errorf("%s: there is no edge in it: want two whole numbers a line", name)
	}
	l.People = people(l.Edges)
	return l, nil
}

// parse reads the fields of one line.
func parse(fields []string) (Edge, error) {
	if len(fields) == 1 {
		return Edge{}, errors.New("want two whole numbers, got 1 field")
	}
	if len(fields) != 2 {
		return Edge{}, fmt.Errorf("want two whole numbers, got %d fields", len(fields))
	}
	var ends [2]int64
	for i, field := range fields {
		// Handles are made of the numbers, so there is no sign.
		n, err := strconv.ParseUint(field, 10, 63)
		if errors.Is(err, strconv.ErrRange) {
			return Edge{}, fmt.Errorf("want two whole numbers, got %s, which is above 2^63-1", shortened(field))
		}
		if err != nil {
			return Edge{}, fmt.Errorf("want two whole numbers, got %q", shortened(field))
		}
		ends[i] = int64(n) // 63 bits fit.
	}
	if ends[0] == ends[1] {
		return Edge{}, fmt.Errorf("%d follows themself: remove the line", ends[0])
	}
	return Edge{ends[0], ends[1]}, nil
}

// shortened keeps an error on one line of a terminal.
func shortened(field string) string {
	const most = 40
	if runes := []rune(field); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return field
}

// people answers who is in the edges, each once.
func people(edges []Edge) []int64 {
	all := make([]int64, 0, 2*len(edges))
	for _, e := range edges {
		all = append(all, e.From, e.To)
	}
	slices.Sort(all)
	return slices.Clip(slices.Compact(all))
}

// Following answers whom each person follows: for each of People the places in People of the others, ascending and
// each once. When the list is directed, a line `a b` says that a follows b; otherwise that both follow each other.
func (l List) Following(directed bool) [][]int {
	following := make([][]int, len(l.People))
	for _, e := range l.Edges {
		from, _ := slices.BinarySearch(l.People, e.From)
		to, _ := slices.BinarySearch(l.People, e.To)
		following[from] = append(following[from], to)
		if !directed {
			following[to] = append(following[to], from)
		}
	}
	for i, places := range following {
		slices.Sort(places)
		following[i] = slices.Clip(slices.Compact(places))
	}
	return following
}
