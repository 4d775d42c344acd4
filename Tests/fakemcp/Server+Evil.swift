#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Answers, and how they are spoilt.
extension Server {
    /// Sends an answer, spoilt when the mode and the moment ask for it.
    func deliver(_ message: JSON, over exchange: any Exchange, spoilt: Bool) {
        guard spoilt, let evil = options.evil, answeredCalls >= options.evilAfter else {
            return exchange.finish(message)
        }
        let bytes = message.bytes
        let line = bytes + [0x0A]
        switch evil {
        case .garbage: exchange.finish(bytes: Array("%% not JSON at all %%\n".utf8))
        case .halfJSON: exchange.finish(bytes: bytes.prefix(bytes.count / 2) + [0x0A])
        case .hugeLine: exchange.finish(bytes: inflated(message).bytes + [0x0A])
        case .noNewline: exchange.finish(bytes: bytes)
        case .dupReply: exchange.finish(bytes: line + line)
        case .wrongID: exchange.finish(message.with("id", JSON((message["id"]?.int ?? 0) + 100_000)))
        case .badUTF8: exchange.finish(bytes: spliced(line, [0xC3, 0x28, 0xFF, 0xFE]))
        case .nul: exchange.finish(bytes: spliced(line, [0]))
        case .crlf: exchange.finish(bytes: bytes + [0x0D, 0x0A])
        case .closeStdout: closeOutput()
        case .noRead: stopReading()
        case .daemonize:
            Descendants.spawn("--grandchild")
            exit(0)
        case .closeStdin:
            exchange.finish(message)
            closeInput()
        case .stderrFlood:
            floodStderr()
            exchange.finish(message)
        case .listChangeStorm:
            listChangeStorm()
            exchange.finish(message)
        case .httpRedirect, .http401, .http500, .httpClose: exchange.misbehave(evil)
        default: exchange.finish(message)
        }
    }

    /// Answers a call, after whatever has to come before the answer.
    func answer(_ call: Call, _ result: JSON) {
        running.removeAll { $0 === call }
        let due = answeredCalls >= options.evilAfter
        switch due ? options.evil : nil {
        case .lateReply:
            running.append(call)
            call.onCancel = { [unowned self, unowned call] in
                running.removeAll { $0 === call }
                finish(call, result)
            }
        case .reorder:
            guard let first = held else {
                held = (call, result)
                return
            }
            held = nil
            finish(call, result)
            finish(first.call, first.result)
        case .serverRequest:
            for method in ["ping", "roots/list", "sampling/createMessage", "made/up"] {
                let params: JSON =
                    method == "sampling/createMessage"
                    ? ["messages": [["role": "user", "content": ["type": "text", "text": "hi"]]], "maxTokens": 10] : [:]
                call.session.ask(method, params, over: { call.exchange.notify($0) }) { _ in }
            }
            finish(call, result)
        case .progressStorm:
            let count = options.evilCount ?? 10000
            for step in 0..<count {
                let token: JSON = step % 2 == 0 ? call.progressToken ?? "nobody" : "nobody-gave-this"
                notifyProgress(call, token: token, step + 1, of: count, "storm")
            }
            finish(call, result)
        default: finish(call, result)
        }
    }

    private func finish(_ call: Call, _ result: JSON) {
        deliver(reply(id: call.id, result, call.session), over: call.exchange, spoilt: true)
        answeredCalls += 1
        if options.evil == .exitAfter, answeredCalls >= options.evilCount ?? 1 { exitSoon(1) }
    }

    func notifyProgress(_ call: Call, token: JSON, _ step: Int, of total: Int, _ text: String) {
        call.exchange.notify([
            "jsonrpc": "2.0", "method": "notifications/progress",
            "params": [
                "progressToken": token, "progress": JSON(step), "total": JSON(total), "message": .string(text),
            ],
        ])
    }

    /// Exits when the bytes that were sent so far have left.
    func exitSoon(_ code: Int32) { loop.after(milliseconds: 0) { exit(code) } }

    func floodStderr() {
        let line = Array(String(repeating: "stderr flood ", count: 78).utf8) + [0x0A]
        for _ in 0..<((options.evilCount ?? 8 << 20) / line.count + 1) { System.writeAll(2, line) }
    }

    private func inflated(_ message: JSON) -> JSON {
        let text = String(repeating: "x", count: options.evilCount ?? 64 << 20)
        let content: JSON = [["type": "text", "text": .string(text)]]
        return message.with("result", (message["result"] ?? [:]).with("content", content))
    }

    /// Puts `extra` into the first text of the line, where only a string can be.
    private func spliced(_ line: [UInt8], _ extra: [UInt8]) -> [UInt8] {
        let mark = Array("\"text\":\"".utf8)
        guard let start = line.indices.first(where: { line[$0...].starts(with: mark) }) else { return line }
        return line[..<(start + mark.count)] + extra + line[(start + mark.count)...]
    }
}
