package gather

// Waiting is how many keys the next round would ask for.
func (g *Gatherer[K, V]) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil {
		return 0
	}
	return len(g.next.keys)
}
