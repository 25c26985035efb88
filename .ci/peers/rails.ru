# A real Action Cable server (Rails and Puma as Debian has them) with a channel like Chatwoot's (contract, section 11): puma rails.ru
#
# Agents 7 and 8 of account 1 have the tokens agent-token-7 and agent-token-8. For any other token subscribing raises, and Rails is silent.
# Steering, JSON: POST /_ctl/broadcast {"stream","event","data"} · POST /_ctl/disconnect {"reason","reconnect"} ends all sockets with that
# frame · POST /_ctl/term ends the server as its init system would · GET /_ctl/state -> {"pid","connections"}
require "rails"
require "action_controller/railtie"
require "action_cable/engine"
require "json"

TOKENS = { "agent-token-7" => 7, "agent-token-8" => 8 }.freeze
ACCOUNT = 1

class Peer < Rails::Application
  config.root = __dir__
  config.eager_load = false
  config.hosts.clear
  config.secret_key_base = SecureRandom.hex(32)
  config.logger = ActiveSupport::Logger.new($stdout)
  config.action_cable.mount_path = "/cable"
  config.action_cable.disable_request_forgery_protection = true
  config.action_cable.connection_class = -> { ActionCable::Connection::Base }
  config.action_cable.cable = { "adapter" => "async" }
end
Peer.initialize!

class RoomChannel < ActionCable::Channel::Base
  def subscribed
    raise "user and account do not fit the token" unless TOKENS.fetch(params.fetch("pubsub_token")) == params["user_id"] && params["account_id"] == ACCOUNT
    stream_from params["pubsub_token"]
    stream_from "account_#{ACCOUNT}"
    update_presence
  end

  def update_presence
    data = { account_id: ACCOUNT, users: { TOKENS[params["pubsub_token"]].to_s => "online" }, contacts: {} }
    ActionCable.server.broadcast(params["pubsub_token"], { event: "presence.update", data: })
  end
end

control = lambda do |env|
  asked = env["rack.input"]&.read.to_s
  asked = asked.empty? ? {} : JSON.parse(asked)
  cable = ActionCable.server
  answer =
    case env["REQUEST_METHOD"] + env["PATH_INFO"]
    when "POST/_ctl/broadcast" then cable.broadcast(asked.fetch("stream"), asked.slice("event", "data")).then { {} }
    when "POST/_ctl/disconnect" then cable.connections.each { |c| c.close(reason: asked["reason"], reconnect: asked["reconnect"]) }.then { {} }
    when "POST/_ctl/term" then Process.kill("TERM", Process.pid).then { {} }
    when "GET/_ctl/state" then { pid: Process.pid, connections: cable.connections.size }
    end
  [answer ? 200 : 404, { "content-type" => "application/json" }, [answer.to_json]]
end
run ->(env) { env["PATH_INFO"].start_with?("/_ctl/") ? control.call(env) : Rails.application.call(env) }
