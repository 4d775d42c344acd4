import ArgumentParser
import GateClient
import GateProtocol

/// What commands ask of the running gateway, as its operator.
extension ConfigurationOptions {
    /// Changes something.
    func operate(_ path: String, _ body: JSONValue, json: Bool) async throws -> JSONValue {
        try await exchange(.post, path, body.bytes, json)
    }

    func ask(_ path: String, query: [(String, String)] = [], json: Bool) async throws -> JSONValue {
        let items = query.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        return try await exchange(.get, items.isEmpty ? path : "\(path)?\(items)", nil, json)
    }

    private func exchange(
        _ method: GateClient.Method, _ path: String, _ body: [UInt8]?, _ json: Bool
    ) async throws -> JSONValue {
        do throws(GateError) {
            let gateway = try runningGateway()
            do throws(GateError) {
                let answer = try await gateway.client().send(method, path, body: body)
                return (try? JSONValue(parsing: answer)) ?? .null
            } catch {
                throw gateway.explained(error)
            }
        } catch {
            throw CommandFailure.end(error, json: json)
        }
    }
}
