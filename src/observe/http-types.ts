/** What the rooms know of HTTP; `http.ts` implements it. GET and HEAD only, small answers, exact paths. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface HttpRoute {
  /** `host:port` or `:port`, as in the Corefile. Equal addresses share one server. */
  readonly address: string;
  /** Exact path, such as `/health`. */
  readonly path: string;
  answer(): HttpAnswer | Promise<HttpAnswer>;
}
