package import GateProtocol

/// What has to be known of sessions in the next run of the gateway. A value, bounded, that can be written down.
///
/// A session whose id verifies goes on after a restart unless this says otherwise: it was ended, or it had something that the
/// restart has lost. What there is no room for any more errs on the side of ending a session.
package struct SessionRecords: Sendable, Equatable {
    /// Sessions that their clients ended, as many as fit. Of an older one its client will not speak again.
    private var ended = IDQueue()
    /// Sessions that the gateway ended, or whose state is lost: their clients may come back, and are told. With the time of issue.
    private var lost: [MCPSession.ID: Int64] = [:]
    /// Sessions with something that a restart would lose.
    private var stateful: [MCPSession.ID: Int64] = [:]
    private var levels: [MCPSession.ID: Level] = [:]
    /// Sessions of earlier runs that were issued up to then count as lost: there was no room to name them.
    private(set) var floor = Int64.min
    private let limit: Int

    private struct Level: Sendable, Equatable {
        let level: LogLevel
        let issued: Int64
    }

    init(limit: Int = 4_096) { self.limit = max(1, limit) }

    /// Whether a session of an earlier run must not go on.
    func isGone(_ session: MCPSession) -> Bool {
        session.issued <= floor || lost[session.id] != nil || ended.contains(session.id)
    }

    func level(of id: MCPSession.ID) -> LogLevel? { levels[id]?.level }

    /// - Returns: whether anything has changed, here and in the other methods.
    mutating func endedByClient(_ id: MCPSession.ID) -> Bool {
        forget(id)
        return ended.add(id, limit: limit)
    }

    mutating func endedByGateway(_ session: MCPSession) -> Bool {
        forget(session.id)
        return lose(session.id, session.issued)
    }

    mutating func becameStateful(_ session: MCPSession) -> Bool {
        stateful.updateValue(session.issued, forKey: session.id) == nil
    }

    mutating func setLevel(_ level: LogLevel, of session: MCPSession) -> Bool {
        if levels.count >= limit, levels[session.id] == nil {
            // Without room for its level it may not go on without it.
            return becameStateful(session)
        }
        let level = Level(level: level, issued: session.issued)
        return levels.updateValue(level, forKey: session.id) != level
    }

    /// Takes levels of sessions that have not come back for those of lost ones, so that they do not pile up.
    mutating func giveUpLevels(except isKnown: (MCPSession.ID) -> Bool) -> Bool {
        let gone = levels.filter { !isKnown($0.key) }
        for (id, level) in gone {
            levels[id] = nil
            _ = lose(id, level.issued)
        }
        return !gone.isEmpty
    }

    private mutating func forget(_ id: MCPSession.ID) {
        stateful[id] = nil
        levels[id] = nil
    }

    private mutating func lose(_ id: MCPSession.ID, _ issued: Int64) -> Bool {
        guard lost.updateValue(issued, forKey: id) == nil else { return false }
        while lost.count > limit, let oldest = lost.min(by: { $0.value < $1.value }) {
            lost[oldest.key] = nil
            floor = max(floor, oldest.value)
        }
        return true
    }

    // MARK: In the file

    package var json: JSONValue {
        [
            "ended": .array(ended.ids.map { .string($0.text) }), "lost": SessionRecords.object(lost),
            "stateful": SessionRecords.object(stateful),
            "levels": .object(
                JSONObject(
                    levels.map { id, level -> (String, JSONValue) in
                        (id.text, ["level": .string(level.level.name), "issued": .init(Int(clamping: level.issued))])
                    }.sorted { $0.0 < $1.0 })),
            "floor": .init(Int(clamping: floor)),
        ]
    }

    /// The records of an earlier run. What was stateful then is lost now.
    package init(_ json: JSONValue, limit: Int = 4_096) {
        self.init(limit: limit)
        for value in json["ended"]?.arrayValue ?? [] {
            if let id = value.stringValue.flatMap({ MCPSession.ID(text: $0) }) { _ = ended.add(id, limit: self.limit) }
        }
        floor = json["floor"]?.intValue.map { Int64($0) } ?? Int64.min
        for name in ["lost", "stateful"] {
            for member in json[name]?.objectValue?.members ?? [] {
                guard let id = MCPSession.ID(text: member.key), let issued = member.value.intValue else { continue }
                _ = lose(id, Int64(issued))
            }
        }
        for member in json["levels"]?.objectValue?.members ?? [] {
            guard let id = MCPSession.ID(text: member.key), lost[id] == nil,
                let level = member.value["level"]?.stringValue.flatMap({ LogLevel(name: $0) }),
                let issued = member.value["issued"]?.intValue, levels.count < self.limit
            else { continue }
            levels[id] = Level(level: level, issued: Int64(issued))
        }
    }

    private static func object(_ issued: [MCPSession.ID: Int64]) -> JSONValue {
        .object(JSONObject(issued.map { ($0.key.text, .init(Int(clamping: $0.value))) }.sorted { $0.0 < $1.0 }))
    }
}

/// The ids that came last.
private struct IDQueue: Sendable, Equatable {
    private(set) var ids: [MCPSession.ID] = []
    private var known: Set<MCPSession.ID> = []

    func contains(_ id: MCPSession.ID) -> Bool { known.contains(id) }

    mutating func add(_ id: MCPSession.ID, limit: Int) -> Bool {
        guard known.insert(id).inserted else { return false }
        ids.append(id)
        // A quarter at once, so that it is not moved with every one that comes.
        if ids.count > limit + limit / 4 {
            for old in ids.prefix(ids.count - limit) { known.remove(old) }
            ids.removeFirst(ids.count - limit)
        }
        return true
    }
}

extension MCPSession.ID {
    /// 32 hexadecimal digits.
    var text: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }

    init?(text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 32, let high = UInt64(String(decoding: digits[..<16], as: UTF8.self), radix: 16),
            let low = UInt64(String(decoding: digits[16...], as: UTF8.self), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}
