import GateProtocol

/// The one resource: a page about this server.
enum DemoGuide {
    static let uri = "stonegate-demo://guide"

    static let definition: JSONValue = [
        "uri": .string(uri), "name": "guide", "title": "Guide to the demo server",
        "description": "What each tool of the demo server shows.", "mimeType": "text/markdown",
    ]

    private static let text =
        "# The demo server of stonegate\n\n"
        + DemoTool.all.map { "- `\($0.name)`: \($0.description)\n" }.joined()
        + "\nThe prompt `tour` leads a model through all of them.\n"

    static func read(_ params: JSONValue, _ request: Request) -> [UInt8] {
        guard let asked = params["uri"]?.stringValue else {
            return request.error(RPCCode.invalidParams, "params.uri must be the URI of a resource.")
        }
        guard asked.utf8.elementsEqual(uri.utf8) else {
            return request.error(
                request.isModern ? RPCCode.invalidParams : RPCCode.resourceNotFound,
                "There is no such resource; there is \(uri).", data: ["uri": .string(asked)])
        }
        let content: JSONValue = ["uri": .string(uri), "mimeType": "text/markdown", "text": .string(text)]
        return request.cacheable(JSONObject([("contents", [content])]))
    }
}
