// Porcupine on histories in files. On standard input a model and the name of a file per line; on standard output the outcome and
// the nanoseconds that the search took. The argument is how many milliseconds it searches at most.
package main

import (
	"bufio"
	"fmt"
	"hash/maphash"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

const nothing = -1

type registerInput struct {
	key      string
	function byte // r, w or c
	from, to int
}

type registerOutput struct {
	failed, unknown bool
	value           int
}

// Of register and cas-register; initial is what a register holds at first.
func registers(initial int) porcupine.Model {
	return porcupine.Model{
		Partition: byKey(func(input interface{}) string { return input.(registerInput).key }),
		Init:      func() interface{} { return initial },
		Step: func(state, input, output interface{}) (bool, interface{}) {
			st, in, out := state.(int), input.(registerInput), output.(registerOutput)
			switch in.function {
			case 'r':
				return out.unknown || out.value == st, state
			case 'w':
				return true, in.to
			}
			ok := out.unknown || (in.from == st) == !out.failed
			if in.from == st {
				return ok, in.to
			}
			return ok, state
		},
		Equal: func(one, two interface{}) bool { return one.(int) == two.(int) },
		Hash:  func(state interface{}) uint64 { return uint64(state.(int)) },
	}
}

type textInput struct {
	key, value string
	function   byte // g, p or a
}

type textOutput struct {
	unknown bool
	value   string
}

var seed = maphash.MakeSeed()

var texts = porcupine.Model{
	Partition: byKey(func(input interface{}) string { return input.(textInput).key }),
	Init:      func() interface{} { return "" },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		st, in, out := state.(string), input.(textInput), output.(textOutput)
		switch in.function {
		case 'g':
			return out.unknown || out.value == st, state
		case 'p':
			return true, in.value
		}
		return true, st + in.value
	},
	Equal: func(one, two interface{}) bool { return one.(string) == two.(string) },
	Hash:  func(state interface{}) uint64 { return maphash.String(seed, state.(string)) },
}

func byKey(key func(interface{}) string) func([]porcupine.Operation) [][]porcupine.Operation {
	return func(history []porcupine.Operation) [][]porcupine.Operation {
		all := make(map[string][]porcupine.Operation)
		for _, operation := range history {
			of := key(operation.Input)
			all[of] = append(all[of], operation)
		}
		keys := make([]string, 0, len(all))
		for of := range all {
			keys = append(keys, of)
		}
		sort.Strings(keys)
		parts := make([][]porcupine.Operation, 0, len(keys))
		for _, of := range keys {
			parts = append(parts, all[of])
		}
		return parts
	}
}

var (
	edn = regexp.MustCompile(`^\{:process (\d+), :type :(\w+), :f :(\w+), :key (\d+), :value (.*)\}$`)
	log = regexp.MustCompile(`^INFO  jepsen\.util - (\d+)\t:(\w+)\t:(\w+)\t(.*)$`)
)

func number(word string) int {
	if word == "nil" {
		return nothing
	}
	value, err := strconv.Atoi(word)
	if err != nil {
		panic(err)
	}
	return value
}

// What was asked, and what was answered of it; of what was not answered nothing is known.
func call(text bool, key, function, asked, answer string, failed, unknown bool) (interface{}, interface{}) {
	if text {
		return textInput{key, strings.Trim(asked, `"`), function[0]}, textOutput{unknown, strings.Trim(answer, `"`)}
	}
	in, out := registerInput{key: key, function: function[0]}, registerOutput{failed: failed, unknown: unknown}
	switch in.function {
	case 'r':
		if !unknown {
			out.value = number(answer)
		}
	case 'w':
		in.to = number(asked)
	default:
		pair := strings.Fields(strings.Trim(asked, "[]"))
		in.from, in.to = number(pair[0]), number(pair[1])
	}
	return in, out
}

func read(file string, text bool) []porcupine.Operation {
	bytes, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	type invoked struct {
		at                   int64
		key, function, asked string
	}
	open := make(map[int]invoked)
	var all []porcupine.Operation
	var at int64
	for _, line := range strings.Split(strings.TrimSpace(string(bytes)), "\n") {
		found, key := edn.FindStringSubmatch(line), ""
		if found != nil {
			key = found[4]
			found = append(found[:4], found[5])
		} else if found = log.FindStringSubmatch(line); found == nil {
			panic(line)
		}
		process := number(found[1])
		at++
		if found[2] == "invoke" {
			open[process] = invoked{at, key, found[3], found[4]}
			continue
		}
		it := open[process]
		delete(open, process)
		in, out := call(text, it.key, it.function, it.asked, found[4], found[2] == "fail", false)
		all = append(all, porcupine.Operation{ClientId: process, Input: in, Call: it.at, Output: out, Return: at})
	}
	processes := make([]int, 0, len(open))
	for process := range open {
		processes = append(processes, process)
	}
	sort.Ints(processes)
	for _, process := range processes {
		it := open[process]
		// A read of which nothing is known says nothing, and ours leaves it out, too.
		if it.function == "read" || it.function == "get" {
			continue
		}
		at++
		in, out := call(text, it.key, it.function, it.asked, "", false, true)
		all = append(all, porcupine.Operation{ClientId: process, Input: in, Call: it.at, Output: out, Return: at})
	}
	return all
}

func main() {
	limit := time.Duration(number(os.Args[1])) * time.Millisecond
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name, file, _ := strings.Cut(lines.Text(), " ")
		model := texts
		switch name {
		case "register":
			model = registers(0)
		case "cas-register":
			model = registers(nothing)
		}
		history := read(file, name == "kv-append")
		began := time.Now()
		result := porcupine.CheckOperationsTimeout(model, history, limit)
		took := time.Since(began)
		fmt.Println(strings.ToLower(string(result)), took.Nanoseconds())
	}
}
