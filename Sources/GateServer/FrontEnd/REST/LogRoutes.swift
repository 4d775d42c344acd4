import GateBackend
import GateCore
import GateProtocol
import GateStore
import NIOCore

/// The call log and its explanations.
struct LogRoutes: Sendable {
    let services: any GatewayServices
    var clock: @Sendable () -> Int = WallClock.milliseconds

    func page(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        var query = LogQuery(limit: try request.integer("limit", default: 50, in: 1...1_000))
        query.server = request.query["server"]
        query.tool = request.query["tool"]
        query.agent = request.query["agent"]
        if let status = request.query["status"] {
            guard CallRecord.Status(rawValue: status) != nil else {
                let all = CallRecord.Status.allCases.map(\.rawValue).joined(separator: ", ")
                throw GateError(
                    .badRequest, "`status` must be one of \(all), not '\(status.prefix(32))'.", source: .caller)
            }
            query.status = status
        }
        query.since = try time("since", request)
        query.until = try time("until", request)
        if request.query["after"] != nil {
            query.after = Int64(try request.integer("after", default: 0, in: 0...Int.max))
        } else if let cursor = request.query["cursor"] {
            guard let before = Int64(cursor, radix: 36) else {
                throw GateError(.badRequest, "There is no such page. Ask again without a cursor.", source: .caller)
            }
            query.before = before
        }
        let found = try await services.callLog.page(query)
        var out = ByteBuffer(string: "{\"calls\":[")
        for (index, line) in found.lines.enumerated() {
            if index > 0 { out.writeStaticString(",") }
            out.writeImmutable(line)
        }
        let last = query.after == nil ? found.first : found.last ?? query.after
        out.writeString("],\"last\":\(last ?? 0)")
        if let next = found.next { out.writeString(",\"next_cursor\":\"\(String(next, radix: 36))\"") }
        out.writeStaticString("}")
        return RESTReply(parts: [out])
    }

    private func time(_ name: String, _ request: RESTRequest) throws(GateError) -> Int? {
        guard let text = request.query[name] else { return nil }
        guard let time = LogTimeText.milliseconds(text, now: clock()) else {
            throw GateError(
                .badRequest,
                "`\(name)` must be a time like 2026-11-25T07:30:00Z, milliseconds since 1970, or how long ago: 15m, 2h, 7d.",
                source: .caller)
        }
        return time
    }

    func explain(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let id = request.parameters["id"] ?? ""
        guard let line = try await services.callLog.find(id),
            let record = try? JSONValue(parsing: Array(buffer: line))
        else {
            throw GateError(
                .callNotFound,
                "No call in the log has the correlation id '\(id.prefix(64))'. Lines are kept for log.retention; errors and answers "
                    + "tell the id.", source: .caller)
        }
        let lines = CallExplanation(record).lines
        if request.query["format"] == "text" {
            return RESTReply(text: lines.joined(separator: "\n") + "\n", contentType: "text/plain; charset=utf-8")
        }
        return RESTReply(["call": record, "explanation": .array(lines.map(JSONValue.string))])
    }
}
