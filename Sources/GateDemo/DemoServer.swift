import GateProtocol

/// A small MCP server, complete in the sense that it keeps the rules of both protocol eras.
///
/// It only decides: messages and the time go in, messages come out. ``DemoLoop`` does the reading, writing and waiting. So
/// one thread serves any number of calls at once, and a slow call never holds up a quick one.
package struct DemoServer: Sendable {
    /// Longer lines are refused without being kept.
    package static let longestLine = 4 << 20

    /// What `initialize` agreed on; nil until then. A request of the modern era stands alone and needs none.
    var session: LegacySession?
    /// Running `slow` calls by the id of their request.
    var slowCalls: [[UInt8]: SlowCall] = [:]
    /// Questions put to the user of a legacy client, by the id that we gave them.
    var questions: [[UInt8]: Question] = [:]
    private var questionCount = 0

    package init() {}

    /// Takes one line from the client, without its newline.
    ///
    /// - Returns: the messages to write, in this order, each without a newline.
    package mutating func receive(_ line: [UInt8], now: DemoTime) -> [[UInt8]] {
        let message: Message
        do throws(EnvelopeFault) {
            message = try Message(line)
        } catch {
            return [Reply.error(id: error.id(in: line), code: error.code, error.message)]
        }
        switch message.kind {
        case .request: return answer(message, now: now)
        case .notification:
            notice(message)
            return []
        case .result, .failure: return userAnswered(message)
        }
    }

    /// The answer to a line that was too long to be read.
    package mutating func receiveOverlongLine() -> [[UInt8]] {
        [Reply.error(id: nil, code: RPCCode.invalidRequest, "A message may have at most 4 MiB.")]
    }

    /// When ``tick(now:)`` has something to do.
    package var nextDeadline: Duration? { slowCalls.values.map(\.nextStep).min() }

    /// Does what has become due.
    package mutating func tick(now: DemoTime) -> [[UInt8]] {
        var out: [[UInt8]] = []
        for (id, call) in slowCalls {
            var call = call
            out += call.advance(to: now.uptime)
            slowCalls[id] = call.isDone ? nil : call
        }
        return out
    }

    private mutating func notice(_ message: Message) {
        // `notifications/initialized` needs no action, and unknown notices are ignored as JSON-RPC demands.
        guard message.isMethod(MCPMethod.cancelled), let id = message.params["requestId"]?.bytes else { return }
        slowCalls[id] = nil
        questions = questions.filter { $0.value.request.id != id }
    }

    mutating func nextQuestionID() -> [UInt8] {
        questionCount += 1
        return JSONString.encode("ask-\(questionCount)")
    }
}

/// What a legacy client and this server agreed on.
struct LegacySession: Sendable {
    var version: ProtocolVersion
    var canAskUser: Bool
}

extension EnvelopeFault {
    func id(in line: [UInt8]) -> [UInt8]? {
        guard case .invalid(_, let range?) = self, range.upperBound <= line.count else { return nil }
        return Array(line[range])
    }
}
