import ArgumentParser
import Dispatch
import GateClient
import GateConfig
import GateProtocol
import GateServer
import GateTerminal

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops the running gateway and waits until it has ended.",
        discussion: """
            New calls are refused from the first moment on, calls in flight finish within limits.drain_timeout (30 seconds), then \
            the servers are stopped.

            Exit codes: 0 it has ended, 3 no gateway runs, 1 anything else, such as one that takes longer than --timeout.
            """)

    @Option(help: ArgumentHelp("How long to wait for its end; 0 does not wait.", valueName: "seconds"))
    var timeout = 120

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func validate() throws {
        guard (0...86_400).contains(timeout) else { throw ValidationError("--timeout must be from 0 to 86400.") }
    }

    func run() async throws {
        do throws(GateError) {
            let gateway = try source.runningGateway()
            let answer: [UInt8]
            do throws(GateError) {
                answer = try await gateway.client().send(.post, "/gateway/stop", body: Array("{}".utf8))
            } catch {
                throw gateway.explained(error)
            }
            let value = (try? JSONValue(parsing: answer)) ?? .null
            let ended = timeout == 0 ? false : await waits(for: gateway, value)
            if timeout > 0, !ended {
                throw GateError(.timeout, "The gateway was told to stop and still runs after \(timeout) s.", sent: true)
            }
            show(gateway, ended: ended)
        } catch {
            throw CommandFailure.end(error, json: json)
        }
    }

    private enum Moment { case ended, slow, late }

    /// - Returns: whether it has ended in time.
    private func waits(for gateway: RunningGateway, _ answer: JSONValue) async -> Bool {
        let (moments, moment) = AsyncStream<Moment>.makeStream()
        let lock = gateway.lock
        DispatchQueue(label: "lock").async {
            lock.waitUntilFree()
            moment.yield(.ended)
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(1)) { moment.yield(.slow) }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(timeout)) { moment.yield(.late) }
        for await moment in moments {
            switch moment {
            case .ended: return true
            case .late: return false
            case .slow:
                guard !json, Console.errorsAreTerminal else { continue }
                let calls = Spoken.count(answer["in_flight"]?.intValue ?? 0, "call")
                Console.complain(
                    "Waiting for \(calls) in flight, at most \(answer["drain_seconds"]?.intValue ?? 0) s, and for the servers to end."
                )
            }
        }
        return false
    }

    private func show(_ gateway: RunningGateway, ended: Bool) {
        let who = gateway.holder.map { " (process \($0.pid))" } ?? ""
        guard json else {
            return Console.print(
                ended ? "The gateway\(who) has ended." : "The gateway\(who) was told to stop.")
        }
        var object = JSONObject([("ok", true), ("ended", .bool(ended))])
        if let holder = gateway.holder { object["pid"] = .init(Int(holder.pid)) }
        object["url"] = .string(gateway.url)
        Console.print(json: JSONValue.object(object).bytes)
    }
}
