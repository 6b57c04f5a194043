// Command porcupine judges histories of a key-value store: are they linearizable?
//
// It reads lines of JSON, one operation each, as `zeta-sim --histories` writes them, and groups
// them by the number of their history. A verdict is ok, illegal or unknown; it exits with 1 where
// one is not the expected verdict, which is ok unless the lines say otherwise.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

const timeout = 20 * time.Second

// line is one operation as a client saw it.
type line struct {
	History int64   `json:"history"`
	Client  int     `json:"client"`
	Call    int64   `json:"call"`
	Return  int64   `json:"return"`
	Op      string  `json:"op"`
	Key     string  `json:"key"`
	Value   *string `json:"value"`
	New     *string `json:"new"`
	Target  *string `json:"target"`
	Found   *string `json:"found"`
	Flag    *bool   `json:"flag"`
	Expect  string  `json:"expect"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(paths []string) error {
	if len(paths) == 0 {
		return fmt.Errorf("usage: porcupine FILE...")
	}
	counts := map[string]int{}
	wrong := 0
	for _, path := range paths {
		histories, err := read(path)
		if err != nil {
			return err
		}
		for _, number := range numbers(histories) {
			lines := histories[number]
			verdict, expected := judge(lines), expectation(lines)
			counts[verdict]++
			if verdict != expected {
				wrong++
				fmt.Printf("%s: history %d is %s, expected %s\n", path, number, verdict, expected)
			}
		}
	}
	fmt.Printf("ok %d, illegal %d, unknown %d\n",
		counts["ok"], counts["illegal"], counts["unknown"])
	if wrong > 0 {
		return fmt.Errorf("%d histories are not as expected", wrong)
	}
	return nil
}

func read(path string) (map[int64][]line, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	histories := map[int64][]line{}
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, 1<<20), 1<<20)
	for number := 1; scanner.Scan(); number++ {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s:%d: not an operation: %w", path, number, err)
		}
		if err := check(l); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		histories[l.History] = append(histories[l.History], l)
	}
	return histories, scanner.Err()
}

// check refuses what the model below would silently misread.
func check(l line) error {
	if l.Return < l.Call {
		return fmt.Errorf("it returned before it was called")
	}
	switch l.Op {
	case "get":
		return nil
	case "put":
		if l.Value == nil {
			return fmt.Errorf("a put without a value")
		}
		return nil
	case "delete", "cas":
		if l.Flag == nil {
			return fmt.Errorf("a %s without its result", l.Op)
		}
		return nil
	case "rename":
		if l.Flag == nil || l.Target == nil {
			return fmt.Errorf("a rename without its result or target")
		}
		return nil
	}
	return fmt.Errorf("unknown operation `%s`", l.Op)
}

func numbers(histories map[int64][]line) []int64 {
	var all []int64
	for number := range histories {
		all = append(all, number)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}

func expectation(lines []line) string {
	for _, l := range lines {
		if l.Expect != "" {
			return l.Expect
		}
	}
	return "ok"
}

func judge(lines []line) string {
	operations := make([]porcupine.Operation, 0, len(lines))
	for _, l := range lines {
		operations = append(operations, porcupine.Operation{
			ClientId: l.Client, Input: l, Call: l.Call, Output: l, Return: l.Return,
		})
	}
	switch porcupine.CheckOperationsTimeout(model, operations, timeout) {
	case porcupine.Ok:
		return "ok"
	case porcupine.Illegal:
		return "illegal"
	}
	return "unknown"
}
