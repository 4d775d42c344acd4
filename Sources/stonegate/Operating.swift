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
        let items = query.map { "\($0)=\(ConfigurationOptions.encoded($1))" }.joined(separator: "&")
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

    /// Percent encoding of all but unreserved characters (RFC 3986).
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
