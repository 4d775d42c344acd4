import GateProtocol

/// Messages from the server, as bytes.
enum Reply {
    static func result(id: [UInt8], _ result: JSONValue) -> [UInt8] {
        var out = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
        out += id
        out += Array(#","result":"#.utf8)
        result.append(to: &out)
        out.append(UInt8(ascii: "}"))
        return out
    }

    /// - Parameter id: nil when the request's id is not known; it is left out then.
    static func error(id: [UInt8]?, code: Int, _ message: String, data: JSONValue? = nil) -> [UInt8] {
        var error = JSONObject([("code", .init(code)), ("message", .string(message))])
        if let data { error["data"] = data }
        var out = Array(#"{"jsonrpc":"2.0","#.utf8)
        if let id { out += Array(#""id":"#.utf8) + id + [UInt8(ascii: ",")] }
        out += Array(#""error":"#.utf8)
        JSONValue.object(error).append(to: &out)
        out.append(UInt8(ascii: "}"))
        return out
    }

    static func notice(_ method: StaticString, _ params: JSONValue) -> [UInt8] {
        let message: JSONValue = ["jsonrpc": "2.0", "method": .string(method.description), "params": params]
        return message.bytes
    }

    static func request(id: [UInt8], _ method: StaticString, _ params: JSONValue) -> [UInt8] {
        var out = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
        out += id
        out += Array(#","method":"#.utf8)
        JSONString.append(method.description, to: &out)
        out += Array(#","params":"#.utf8)
        params.append(to: &out)
        out.append(UInt8(ascii: "}"))
        return out
    }
}
