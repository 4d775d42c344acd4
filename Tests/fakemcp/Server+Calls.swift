import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The tools themselves.
extension Server {
    func call(_ call: Call) {
        guard isKnown(call.tool) else {
            return call.exchange.finish(error(id: call.id, code: -32602, "Unknown tool: \(call.tool)"))
        }
        if call.tool == "job" { return startJob(call) }
        running.append(call)
        if call.tool == "ask" { return ask(call) }
        if call.tool == "crash", call.arguments["when"]?.text ?? "before" == "before" { _exit(70) }
        record(call)
        run(call)
    }

    func record(_ call: Call) {
        ledger.record(tool: call.tool, key: call.key, id: call.id, arguments: call.arguments)
    }

    private func run(_ call: Call) {
        let arguments = call.arguments
        switch call.tool {
        case "echo": answer(call, text(arguments["text"]?.text ?? ""))
        case "add": answer(call, text(sum(arguments["a"], arguments["b"])))
        case "sleep":
            let time = arguments["ms"]?.int ?? 0
            call.timer = loop.after(milliseconds: time) { [unowned self, unowned call] in
                answer(call, text("slept \(time) ms"))
            }
        case "progress": progress(call, step: 1)
        case "fail": answer(call, text(arguments["message"]?.text ?? "this tool always fails").with("isError", true))
        case "crash":
            guard arguments["when"]?.text == "reply" else { _exit(70) }
            answer(call, text("last words"))
            exitSoon(70)
        case "hang": break
        case "big": answer(call, text(pattern(arguments["bytes"]?.int ?? 0)))
        case "structured":
            let value: JSON = ["sum": .number(sum(arguments["a"], arguments["b"])), "exact": .number("1.10")]
            answer(call, text(value.source).with("structuredContent", value))
        case "verbatim":
            let value = JSON.verbatim(Array((arguments["json"]?.text ?? "null").utf8))
            answer(call, text("see structuredContent").with("structuredContent", value))
        case "raw": answer(call, text(String(decoding: call.raw, as: UTF8.self)))
        case "kinds": answer(call, kinds)
        case "whoami": answer(call, both(identity))
        case "environ": answer(call, both(environment))
        case "fds":
            let list = System.descriptors().map { descriptor -> JSON in
                ["fd": JSON(Int(descriptor.number)), "target": .string(descriptor.target)]
            }
            answer(call, both(["fds": .array(list)]))
        case "cancelled": answer(call, both(["cancelled": .array(cancelled)]))
        case "get": answer(call, text(values[call.key ?? ""] ?? ""))
        case "put":
            values[call.key ?? ""] = arguments["value"]?.text ?? ""
            answer(call, text("ok"))
        case "count":
            counts[call.key ?? "", default: 0] += 1
            answer(call, text("\(counts[call.key ?? "", default: 0])"))
        case "log":
            call.exchange.notify([
                "jsonrpc": "2.0", "method": "notifications/message",
                "params": ["level": arguments["level"] ?? "info", "data": arguments["message"] ?? "a log line"],
            ])
            answer(call, text("logged"))
        case "add_tool": change(call) { $0.append(arguments["name"]?.text ?? "added") }
        case "remove_tool": change(call) { names in names.removeAll { $0 == arguments["name"]?.text ?? "added" } }
        case "touch":
            touch(arguments["uri"]?.text ?? "")
            answer(call, text("touched"))
        case "subscriptions": answer(call, text(asked.joined(separator: "\n")))
        case "garbage-between":
            call.exchange.notify(.verbatim(Array("between you and me, this is not JSON".utf8)))
            answer(call, text("after the garbage"))
        default: answer(call, text(call.tool))
        }
    }

    private func progress(_ call: Call, step: Int) {
        let total = call.arguments["n"]?.int ?? 3
        guard step <= total else { return answer(call, text("done after \(max(0, total)) steps")) }
        if let token = call.progressToken {
            notifyProgress(call, token: token, step, of: total, "step \(step) of \(total)")
        }
        call.timer = loop.after(milliseconds: call.arguments["ms"]?.int ?? 0) { [unowned self, unowned call] in
            progress(call, step: step + 1)
        }
    }

    private func change(_ call: Call, _ change: (inout [String]) -> Void) {
        change(&addedTools)
        answer(call, text("tools changed"))
        broadcastListChanged()
    }

    func text(_ text: String) -> JSON {
        let shown = options.evil == .escapeCodes ? "\u{1B}[31m\u{1B}]0;owned\u{07}\(text)\u{202E}\u{9B}0m" : text
        return ["content": [["type": "text", "text": .string(shown)]]]
    }

    private func both(_ value: JSON) -> JSON { text(value.source).with("structuredContent", value) }

    private func pattern(_ count: Int) -> String {
        let block = "0123456789abcdef"
        return String((String(repeating: block, count: max(0, count) / 16 + 1)).utf8.prefix(max(0, count))) ?? ""
    }

    private func sum(_ first: JSON?, _ second: JSON?) -> String {
        if let first = first?.int, let second = second?.int {
            let sum = first.addingReportingOverflow(second)
            return sum.overflow ? "overflow" : String(sum.partialValue)
        }
        func number(_ value: JSON?) -> Double {
            if case .number(let literal) = value { Double(literal) ?? 0 } else { 0 }
        }
        return String(number(first) + number(second))
    }

    private var identity: JSON {
        let identity: JSON = [
            "name": .string(options.name), "pid": JSON(Int(getpid())), "pgid": JSON(Int(getpgrp())),
            "instance": .string(instance), "calls": JSON(answeredCalls),
            "cwd": .string(FileManager.default.currentDirectoryPath),
            "arguments": .array(CommandLine.arguments.map(JSON.string)),
        ]
        return identity.with("grandchild", grandchild.map { JSON(Int($0)) })
    }

    private var environment: JSON {
        let pairs = ProcessInfo.processInfo.environment.sorted { $0.key < $1.key }
        return .object(pairs.map { JSON.Member(key: $0.key, value: .string($0.value)) })
    }

    private var kinds: JSON {
        [
            "content": [
                ["type": "text", "text": "text"],
                ["type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"],
                ["type": "audio", "data": "UklGRg==", "mimeType": "audio/wav"],
                ["type": "resource_link", "uri": "fake://link", "name": "link"],
                ["type": "resource", "resource": ["uri": "fake://embedded", "text": "embedded"]],
            ]
        ]
    }
}
