// The sequential meaning of the operations, for porcupine to search with.

package main

import (
	"sort"
	"strings"

	"github.com/anishathalye/porcupine"
)

// state is what is stored: absent keys are not in it. It is never changed, only copied.
type state map[string]string

var model = porcupine.Model{
	Partition: partition,
	Init:      func() interface{} { return state{} },
	Step: func(before, input, output interface{}) (bool, interface{}) {
		return step(before.(state), input.(line))
	},
	Equal: func(a, b interface{}) bool { return text(a.(state)) == text(b.(state)) },
}

// step runs one operation: whether it returns what the client saw, and the state after it.
func step(before state, l line) (bool, state) {
	value, present := before[l.Key]
	switch l.Op {
	case "get":
		return same(l.Found, value, present), before
	case "put":
		return true, with(before, l.Key, l.Value)
	case "delete":
		return *l.Flag == present, with(before, l.Key, nil)
	case "cas":
		holds := same(l.Value, value, present)
		if holds {
			return *l.Flag, with(before, l.Key, l.New)
		}
		return !*l.Flag, before
	case "rename":
		if !present {
			return !*l.Flag, before
		}
		return *l.Flag, with(with(before, l.Key, nil), *l.Target, &value)
	}
	return false, before
}

func same(seen *string, value string, present bool) bool {
	if seen == nil {
		return !present
	}
	return present && *seen == value
}

func with(before state, key string, value *string) state {
	after := make(state, len(before)+1)
	for k, v := range before {
		after[k] = v
	}
	if value == nil {
		delete(after, key)
	} else {
		after[key] = *value
	}
	return after
}

func text(s state) string {
	pairs := make([]string, 0, len(s))
	for key, value := range s {
		pairs = append(pairs, key+"="+value)
	}
	sort.Strings(pairs)
	return strings.Join(pairs, "\x00")
}

// partition splits a history by key: linearizability is local. Keys that a rename joins stay
// together.
func partition(history []porcupine.Operation) [][]porcupine.Operation {
	leader := map[string]string{}
	var find func(string) string
	find = func(key string) string {
		if up, known := leader[key]; known && up != key {
			return find(up)
		}
		return key
	}
	for _, operation := range history {
		l := operation.Input.(line)
		if l.Target != nil {
			leader[find(l.Key)] = find(*l.Target)
		}
	}
	groups := map[string][]porcupine.Operation{}
	var order []string
	for _, operation := range history {
		group := find(operation.Input.(line).Key)
		if _, known := groups[group]; !known {
			order = append(order, group)
		}
		groups[group] = append(groups[group], operation)
	}
	var parts [][]porcupine.Operation
	for _, group := range order {
		parts = append(parts, groups[group])
	}
	return parts
}
