import GateProtocol
import GateTerminal
import GateTestKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Verdict {
    private var style: Style {
        Style(isTerminal: Console.isTerminal, environment: ProcessInfo.processInfo.environment)
    }

    /// For people.
    func show() {
        let style = style
        func title(_ text: String) { Console.print("\n" + style.apply(.bold, text)) }
        func print(_ table: Table) { Console.print(table.rendered(width: Console.width, style: style)) }

        title("What went wrong")
        var faults = Table([.init("", .right), .init("")])
        for fault in Fault.allCases { faults.add([.init("\(injected[fault, default: 0])"), .init(fault.rawValue)]) }
        for (name, what) in Town.evil where restarts[name, default: 0] > 0 {
            faults.add([.init("\(restarts[name, default: 0])"), .init("new starts of '\(name)' (\(what))")])
        }
        print(faults)

        title("What users of the good servers saw")
        var good = Table([
            .init("server"), .init("calls", .right), .init("errors", .right), .init("p50", .right),
            .init("p99", .right),
            .init("quiet p50", .right), .init("quiet p99", .right),
        ])
        for ((name, result), (_, calm)) in zip(healthy, quiet) { good.add(row(name, result, calm)) }
        good.add(row("together", Verdict.all(healthy), Verdict.all(quiet)))
        print(good)

        title("What users of the evil servers saw")
        var bad = Table([
            .init("server"), .init("calls", .right), .init("answered", .right), .init("not sent", .right),
            .init("sent, failed", .right), .init("p99", .right), .init("failures"),
        ])
        for ((name, result), (_, what)) in zip(evil, Town.evil) {
            bad.add([
                .init(name), .init("\(result.calls.count)"), .init("\(result.calls.count - result.errors)"),
                .init("\(result.calls.count { $0.sent == false })"), .init("\(result.calls.count { $0.sent == true })"),
                .init(result.percentile(0.99).brief),
                .init(result.errors == 0 ? "none (\(what))" : "\(result.codesText) (\(what))"),
            ])
        }
        print(bad)

        title("What it cost")
        Console.print(
            "\(tenths(processorShare * 100)) % of a core, at most \(peak.megabytes) MiB, \(peak.descriptors) descriptors, "
                + "\(peak.threads) threads")
        Console.print("before: \(before?.holdings ?? ""), \(before?.megabytes ?? 0) MiB")
        Console.print("after:  \(after?.holdings ?? ""), \(after?.megabytes ?? 0) MiB")

        title("Promises")
        for promise in promises {
            let mark = promise.isKept ? style.apply(.green, "kept  ") : style.apply(.red, "BROKEN")
            Console.print("\(mark)  \(promise.text): \(promise.found)")
        }
    }

    private func row(_ name: String, _ result: LoadResult, _ calm: LoadResult) -> [Table.Cell] {
        [
            .init(name), .init("\(result.calls.count)"),
            .init("\(result.errors)", result.errors == 0 ? .plain : .red), .init(result.percentile(0.5).brief),
            .init(result.percentile(0.99).brief), .init(calm.percentile(0.5).brief), .init(calm.percentile(0.99).brief),
        ]
    }

    private func tenths(_ value: Double) -> Double { Double(Int(value * 10)) / 10 }

    /// For programs.
    var json: JSONValue {
        func counts(_ map: [String: Int]) -> JSONValue {
            .object(JSONObject(map.sorted { $0.key < $1.key }.map { ($0.key, .init($0.value)) }))
        }
        func load(_ name: String, _ result: LoadResult) -> JSONValue {
            [
                "server": .string(name), "calls": .init(result.calls.count), "errors": .init(result.errors),
                "codes": counts(result.codes), "not_sent": .init(result.calls.count { $0.sent == false }),
                "sent_failed": .init(result.calls.count { $0.sent == true }),
                "p50_ms": .init(rounded: result.percentile(0.5).milliseconds),
                "p99_ms": .init(rounded: result.percentile(0.99).milliseconds),
            ]
        }
        func sample(_ sample: ProcessSample?) -> JSONValue {
            guard let sample else { return .null }
            return [
                "descriptors": .init(sample.descriptors), "threads": .init(sample.threads),
                "children": .init(sample.children), "zombies": .init(sample.zombies),
                "resident_bytes": .init(sample.resident),
            ]
        }
        return [
            "seconds": .init(seconds), "seed": .init(Int(truncatingIfNeeded: seed)),
            "injected": counts(Dictionary(uniqueKeysWithValues: injected.map { ($0.key.rawValue, $0.value) })),
            "restarts": counts(restarts), "quiet": .array(quiet.map { load($0.0, $0.1) }),
            "healthy": .array(healthy.map { load($0.0, $0.1) }), "evil": .array(evil.map { load($0.0, $0.1) }),
            "lost": .init(lost), "executed": .init(executed), "executed_twice": .init(repeated),
            "executed_though_not_sent": .init(lied), "cpu_share": .init(rounded: processorShare),
            "resident_peak_bytes": .init(peak.resident), "before": sample(before), "after": sample(after),
            "orphans": .init(orphans),
            "promises": .array(
                promises.map {
                    ["promise": .string($0.text), "kept": .init($0.isKept), "found": .string($0.found)]
                }),
        ]
    }
}
